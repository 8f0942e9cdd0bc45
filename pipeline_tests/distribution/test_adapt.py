"""An article as each platform gets it: rendered first, fitted last, whatever is in it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipeline.platforms.article import AdaptableArticle, AdaptedContent
from pipeline.platforms.base import Account
from pipeline.platforms.content import Content
from pipeline.platforms.mailchimp import newsletter
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.platforms.x import text as x_text
from pipeline.sandbox.registry import stand_ins
from pipeline.text.fitting import ELLIPSIS, fit, link_spans, sentence_ends
from pipeline.text.rendering import blocks, clean
from pipeline_tests.platforms.rehearsal import sample_media

LINK = "https://example.com/posts/how-to-read-a-label/"
ARTICLE = AdaptableArticle(
    title="How to read a label",
    markdown="# How to read a label\n\nLabels **hide** more than they show, says [Dr. Lee](https://example.org/lee).\n\n## Sugar\n\n- one\n- two\n",
    excerpt="Labels **hide** more than they show.",
    keywords=("food labels", "sugar", "health"),
    canonical_url=LINK,
    vertical="Food",
)


@dataclass(frozen=True)
class Target:
    name: str
    publish_config: Mapping[str, Any] = field(default_factory=dict)
    max_content_length: int | None = None
    max_title_length: int | None = None
    is_home: bool = False


def adapted(platform: str, article: AdaptableArticle = ARTICLE, **limits: Any) -> AdaptedContent:
    return adapter_class(platform).adapt(article, Target(platform, **limits))


def x(**changes: Any) -> str:
    return adapted("x", replace(ARTICLE, **changes)).body


def test_a_post_on_x_says_what_the_article_is_about_with_its_link_and_two_hashtags():
    assert x() == f"Labels hide more than they show.\n\n#FoodLabels #sugar\n\n{LINK}"


def test_a_hashtag_that_does_not_fit_is_left_out_and_the_words_stay():
    excerpt = "a" * 100 + " " + "b" * 138 + "."
    body = x(excerpt=excerpt)
    assert body == f"{excerpt}\n\n#FoodLabels\n\n{LINK}"
    assert x_text.weighted_length(body) <= 280


def test_the_limit_is_the_weighted_length_of_the_final_text():
    room = 280 - 23 - 2
    assert x(excerpt="a" * room, keywords=()) == f"{'a' * room}\n\n{LINK}"
    assert x(excerpt="日" * 127, keywords=()) == f"{'日' * 127}\n\n{LINK}"
    assert x(excerpt="日" * 128, keywords=()) == f"{'日' * 126}{ELLIPSIS}\n\n{LINK}"


def test_without_an_excerpt_the_first_words_speak_and_without_any_the_title():
    assert x(excerpt=" ").startswith("Labels hide more than they show, says Dr. Lee.\n\n")
    assert x(excerpt="", markdown="# Only a title").startswith("How to read a label\n\n")
    assert x(excerpt="", markdown="", title="*1984.* A year").startswith("1984. A year\n\n")


def test_a_long_excerpt_ends_with_a_sentence_and_not_at_an_abbreviation_or_a_decimal():
    first = "Dr. Lee of the U.S. office measured 3.5 grams, e.g. in jam, and wrote it all down for every reader who asked her, see example.com/a.b for more of that."
    body = x(excerpt=f"{first} Then came {'many ' * 60}more.")
    assert body.startswith(f"{first}\n\n#")


@pytest.mark.parametrize(
    ("keyword", "hashtag"),
    [
        ("machine learning", "#MachineLearning"),
        ("iPhone", "#iPhone"),
        ("editor's choice", "#EditorsChoice"),
        ("covid-19", "#Covid19"),
        ("café", "#café"),
        ("हिन्दी", "#हिन्दी"),
        ("C++", None),
        ("2026", None),
        ("a.b", None),
        ("#tag", None),
        ("\u0301x", None),
        ("", None),
        ("x" * 50, None),
    ],
)
def test_a_keyword_becomes_a_hashtag_only_where_it_keeps_its_meaning(keyword: str, hashtag: str | None):
    tags = adapted("x", replace(ARTICLE, keywords=(keyword, keyword.upper()))).platform_specific["hashtags"]
    assert tags == ([hashtag] if hashtag else [])


@pytest.mark.parametrize(
    "markdown",
    [
        "**bold** and *italic* and ~~gone~~",
        "[words](https://e.org/x) ![picture](https://e.org/p.png)",
        "`code` and ``more``",
        "> quoted",
        "## Heading",
        "1. one\n2. two",
        "- one\n- two",
        "a | b\n--|--\n1 | 2",
        "```py\ncode\n```",
        "[ref][1]\n\n[1]: https://e.org",
        "<b>bold</b><script>alert(1)</script>",
        "&lt;b&gt; &amp; \\*star\\*",
        "Setext\n======",
        "***",
    ],
)
def test_no_markdown_nor_html_reaches_a_social_platform(markdown: str):
    hook = x(excerpt=markdown, keywords=()).removesuffix(LINK)
    allowed = {"&lt;b&gt; &amp; \\*star\\*": "<b> & *star*"}.get(markdown)
    if allowed:
        assert hook.strip() == allowed
    else:
        assert not re.search(r"[*_`<>\[\]|#~=]|alert|https?:", hook), hook


def test_wordpress_gets_html_with_names_for_its_terms_and_says_where_home_is():
    content = adapted("wordpress")
    assert content.title == "How to read a label"
    assert content.body == (
        "<p>Labels <strong>hide</strong> more than they show, says"
        ' <a href="https://example.org/lee">Dr. Lee</a>.</p>\n<h2>Sugar</h2>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n'
        f'<p>First published at <a href="{LINK}">{LINK}</a>.</p>'
    )
    assert content.link_url == LINK
    assert content.platform_specific == {
        "excerpt": "Labels hide more than they show.",
        "categories": ["Food"],
        "tags": ["food labels", "sugar", "health"],
    }
    assert "First published" not in adapted("wordpress", is_home=True).body
    assert adapted("wordpress", replace(ARTICLE, topics=("Diet",))).platform_specific["categories"] == ["Diet"]


def test_scripts_and_shortcodes_do_not_get_through_and_a_links_rel_does():
    markdown = (
        '<a href="https://shop.example/x" rel="sponsored nofollow">buy</a> [gallery]\n\n'
        '<img src="x" onerror="alert(1)"><a href="javascript:alert(1)">no</a><iframe src="https://e.org"></iframe>\n\n'
        "<script>alert(1)</script>\n"
    )
    body = adapted("wordpress", replace(ARTICLE, markdown=markdown)).body
    assert 'rel="sponsored nofollow"' in body
    assert "&#91;gallery]" in body
    assert not re.search(r"alert|javascript|iframe|script", body)


def test_the_site_gets_html_and_what_a_page_says_of_itself():
    content = adapted("site", is_home=True)
    assert content.body.startswith("<p>Labels <strong>hide</strong>")
    assert content.platform_specific == {
        "slug": "how-to-read-a-label",
        "excerpt": "Labels hide more than they show.",
        "description": "Labels hide more than they show.",
        "keywords": ["food labels", "sugar", "health"],
        "language": "en",
    }


def test_an_email_has_html_and_text_with_the_link_and_the_tags_that_the_law_asks_for():
    content = adapted("mailchimp", replace(ARTICLE, disclosure="We earn from links."))
    for part in (content.body, content.platform_specific["plain_text"]):
        for said in ("*|UNSUB|*", "*|LIST:ADDRESS|*", LINK, "How to read a label", "We earn from links."):
            assert said in part
    assert content.title == "How to read a label"
    assert content.platform_specific["preview_text"] == "Labels hide more than they show."
    assert "Dr. Lee (https://example.org/lee)" in content.platform_specific["plain_text"]
    assert "• one\n• two" in content.platform_specific["plain_text"]
    assert content.body.count("<table") == content.body.count('<table role="presentation"') == 2
    assert "<style" not in content.body


def test_nothing_in_an_article_is_a_merge_tag():
    sly = "*|IF:EMAIL|* *|EMAIL|* \\*|FNAME|*"
    content = adapted("mailchimp", replace(ARTICLE, title=sly, markdown=f"`{sly}`", excerpt=f"`{sly}`"))
    parts = [content.title or "", content.body, *content.platform_specific.values()]
    tags = {tag for part in parts for tag in re.findall(r"\*\|.*?\|", part)}
    assert tags == {"*|UNSUB|", "*|LIST:ADDRESS|", "*|MC_PREVIEW_TEXT|"}


def test_an_email_too_long_for_an_inbox_drops_its_last_blocks_and_keeps_the_link_and_the_tags():
    long = replace(ARTICLE, markdown="\n\n".join(f"Paragraph {n}. {'word ' * 100}" for n in range(400)))
    body = adapted("mailchimp", long).body
    assert len(body.encode()) <= newsletter.CLIPPED_AT_BYTES
    assert "Paragraph 0." in body
    assert "Read the rest on the site" in body
    assert body.endswith("</html>\n")
    assert "*|UNSUB|*" in body


def test_html_is_shortened_by_whole_blocks():
    whole = adapted("wordpress", is_home=True).body
    shorter = adapted("wordpress", is_home=True, max_content_length=len(whole) - 1).body
    assert shorter == "\n".join(blocks(ARTICLE.markdown)[:2])
    assert adapted("wordpress", is_home=True, max_content_length=30).body == f"<p>Labels hide more than{ELLIPSIS}</p>"


def test_a_disclosure_comes_first():
    for platform in ("site", "wordpress"):
        body = adapted(platform, replace(ARTICLE, disclosure="We <earn>.")).body
        assert body.startswith("<p>We &lt;earn&gt;.</p>")


# Text as the world writes it: any Unicode, with the things that cutting breaks more often than chance would have them.
PIECES = st.sampled_from(
    [
        "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷🇩🇪", "e\u0301", "한국어", "각", "नमस्ते", "ขอบคุณ", "日本語。", "\u200d", "\u0301", "\ufeff", "\u202e",
        "https://example.com/a?b=1&c=2", "example.com", "www.example.org/x_(y)", "http://127.0.0.1:3001/posts/a-b/",
        "Dr. Lee", "3.5", "e.g. ", "U.S. ", "**bold**", "[a](https://e.org)", "#tag", "@name", "*|X|*", "\n", " ", "!", "…",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES | st.text(max_size=12), max_size=40).map("".join) | st.text(max_size=400)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ARTICLES = st.builds(
    AdaptableArticle,
    title=TEXT,
    markdown=TEXT,
    excerpt=TEXT,
    keywords=st.lists(TEXT, max_size=4),
    canonical_url=st.sampled_from([LINK, "http://127.0.0.1:3001/posts/a-b/"]),
    vertical=TEXT,
    disclosure=st.none() | TEXT,
    media=st.just([sample_media(name, "https://media.example") for name in ("picture", "video", "sound")]),
)


@MANY
@given(article=ARTICLES, platform=st.sampled_from(platform_names()))
def test_any_article_becomes_a_version_that_its_platform_takes(article: AdaptableArticle, platform: str):
    assume(clean(article.title).strip())
    content = adapted(platform, article)
    assert content == adapted(platform, article)
    assert content.body.strip()
    said = [content.title or "", content.body, *map(str, content.platform_specific.values())]
    assert all(part.encode() and "\x00" not in part for part in said if part)
    if platform == "site":
        return  # its adapter's constructor wants a folder
    config = stand_ins()[platform].publish_config("https://sandbox.example")
    adapter = adapter_class(platform)(Account(key="k", platform=platform, publish_config=config))
    problems = [problem.message for problem in adapter.validate(as_sent(content))]
    assert [message for message in problems if message != "X takes one cashtag a post."] == []


def as_sent(content: AdaptedContent) -> Content:
    return Content(
        distribution_id="00000000-0000-0000-0000-000000000000",
        title=content.title,
        body=content.body,
        link_url=content.link_url,
        media=content.media,
        platform_specific=content.platform_specific,
    )


@MANY
@given(article=ARTICLES)
def test_a_post_on_x_always_fits_and_ends_with_the_whole_link(article: AdaptableArticle):
    body = adapted("x", article).body
    assert 0 < x_text.weighted_length(body) <= 280
    assert body.split("\n")[-1] == article.canonical_url
    assert unicodedata.is_normalized("NFC", body)


@MANY
@given(text=TEXT.map(clean), limit=st.integers(1, 120))
@example(text="see https://example.com/a- and more words that do not fit", limit=30)
@example(text="👩‍👩‍👧‍👦" * 5, limit=10)
@example(text="https://example.com/abc", limit=10)
def test_what_is_fitted_is_a_beginning_with_whole_characters_and_whole_links(text: str, limit: int):
    fitted = fit(text, limit)
    assert len(fitted) <= limit
    if len(text) <= limit:
        assert fitted == text
        return
    kept = fitted.removesuffix(ELLIPSIS) if not text.startswith(fitted) else fitted
    kept = kept.rstrip()
    assert text.startswith(kept)
    following = {0} | {match.end() for match in regex.finditer(r"\X", text)}
    assert len(kept) in following
    assert not any(start < len(kept) < stop for start, stop in link_spans(text))


@MANY
@given(text=TEXT.map(clean), room=st.integers(20, 200))
def test_what_is_fitted_by_xs_counting_fits_by_xs_counting(text: str, room: int):
    assert x_text.weighted_length(fit(text, room, x_text.weighted_length, x_text.link_spans)) <= room


def test_sentences_end_where_a_reader_would_say():
    text = "Dr. Lee paid 3.5 dollars. Why? See example.com/a.b now! 終わり。次"
    assert [text[:end].rsplit(maxsplit=1)[-1] for end in sentence_ends(text)][:3] == ["dollars.", "Why?", "now!"]
    assert text.index("。") + 1 in sentence_ends(text)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


HOSTILE = st.sampled_from(
    [
        "<script>", "</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "<a href='java\tscript:x'>",
        "<iframe src=//e.org>", "<h1>", "</div>", "<style>", "<svg onload=x>", "<!--", "-->", "<p", ">", "&lt;script&gt;", "`", "\n\n",
    ]
)  # fmt: skip


@MANY
@given(st.lists(HOSTILE | PIECES | st.text(max_size=5), max_size=20).map("".join))
def test_rendered_html_is_harmless_whatever_the_markdown_holds(markdown: str):
    elements = Elements()
    elements.feed("\n".join(blocks(markdown)))
    for tag, attributes in elements.seen:
        assert tag not in ("script", "style", "iframe", "svg", "form", "h1")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        address = attributes.get("href") or attributes.get("src") or ""
        assert not re.match(r"\s*\w+:", address) or re.match(r"(https?|mailto):", address)
