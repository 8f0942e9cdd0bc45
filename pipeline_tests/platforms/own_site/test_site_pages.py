"""What a reader's browser gets: valid, inert, and told apart from an advertisement."""

import html
import json
import re
from typing import Any

import feedparser
import html5lib
import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.platforms.base import Published
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.own_site.conftest import a_file

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java&#11;script:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href=' \tJaVaScRiPt:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "<object data='x'></object><embed src=x>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example>",
    "<p style='position:fixed' onclick='alert(1)' class='skip'>x</p>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href='//evil.example'>",
    "</div></article></main></body></html><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<p>x<object><p>in</p></object></p><table><p>stray<td>cell</table></b></i>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<h1>Another title</h1><p>\x00\x0b\ufffe\ud800 control</p>",
]
HANDLERS = re.compile(r"^on", re.IGNORECASE)
TEXTS = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "{{ 7 * 7 }}",
    'Tom & Jerry\'s "day" \u2028\x0b\ud800',
]


def parsed(page: str) -> Any:
    return lxml.html.document_fromstring(page)


def assert_valid_and_inert(page: str) -> Any:
    html5lib.HTMLParser(strict=True).parse(page)
    root = parsed(page)
    for element in root.iter(lxml.html.etree.Element):
        assert element.tag not in {"iframe", "object", "embed", "form", "input", "style", "base", "math"}
        assert not [name for name in element.attrib if HANDLERS.match(name) or name == "style"]
        for name in ("href", "src"):
            address = re.sub(r"[\x00-\x20]", "", element.get(name, ""))
            assert not re.match(r"(?i)(javascript|data|vbscript):", address)
    assert [script.get("type") for script in root.iter("script")] in ([], ["application/ld+json"])
    assert len(root.findall(".//h1")) == 1
    return root


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_body_comes_out_valid_and_inert(site, hostile):
    site.publish("page", body=f"<p>Before.</p>{hostile}<p>After.</p>")
    root = assert_valid_and_inert(site.read("page/index.html"))
    assert "Before." in root.text_content()
    assert len(root.findall(".//main")) == len(root.findall(".//article")) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_text_in_any_field_stays_text(site, text):
    fields = {"author": text, "excerpt": text, "description": text, "keywords": [text]}
    media = [a_file(MediaKind.IMAGE, alt_text=text), a_file(MediaKind.VIDEO, alt_text=text)]
    site.publish("page", title=f"T {text}", media=media, platform_specific=fields)

    for name in ("page/index.html", "index.html", "archive/index.html"):
        assert_valid_and_inert(site.read(name))
    root = parsed(site.read("page/index.html"))
    kept = " ".join(re.sub("[\x0b\ud800]", "", text).split())
    assert root.findtext(".//h1") == f"T {kept}"
    assert json.loads(root.findtext(".//script"))["headline"] == f"T {kept}"
    feed = feedparser.parse(site.read("feed.xml"), sanitize_html=False)
    assert not feed.bozo
    assert html.unescape(feed.entries[0].title) == f"T {kept}"


PIECES = st.sampled_from([*HOSTILE, "<p>", "</p>", "<table>", "<tr>", "<li>", "<a href='/x'>", "<a rel='sponsored x'>", "<b>", "<blockquote>", "</b>", "text", "<h1>", "</h2>", "<pre>\n\n", "<ol start=x>", "<div class='disclosure evil'>", "&", "&#11;", "<", "<dl><dd>", "<details><summary>", "<figure>", "<caption>", "<col>", "<select>", "<p id=main>"])  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(PIECES, max_size=12), tail=st.text(max_size=20))
def test_any_tag_soup_comes_out_valid_and_inert(site, pieces, tail):
    slug = f"page-{len(list(site.folder.glob('*')))}"
    outcome = site.publish(slug, body="<p>Start.</p>" + "".join(pieces) + tail)
    assert isinstance(outcome, Published)
    assert_valid_and_inert(site.read(f"{slug}/index.html"))


def test_a_title_in_the_body_becomes_a_heading_below_the_pages_own(site):
    site.publish("page", body="<h1>Another title</h1><p>Text.</p>")
    root = assert_valid_and_inert(site.read("page/index.html"))
    assert root.findtext(".//div[@class='body']/h2") == "Another title"


def test_every_page_is_valid_html(site):
    site.publish("cast-iron")
    site.publish("gone")
    site.adapter.delete("gone")
    for name in ("index.html", "cast-iron/index.html", "archive/index.html", "404.html", "gone/410.html"):
        assert_valid_and_inert(site.read(name))


def test_a_page_shows_the_first_picture_film_and_sound_of_its_post(site):
    names = {MediaKind.AUDIO: "listen.mp3", MediaKind.VIDEO: "turn.mp4", MediaKind.IMAGE: "wheel.jpg"}
    media = [a_file(kind, url=f"https://example.com/{name}", alt_text="A wheel") for kind, name in names.items()]
    site.publish("page", media=[*media, a_file(MediaKind.IMAGE, url="https://example.com/second.jpg")])
    root = assert_valid_and_inert(site.read("page/index.html"))
    picture, film, sound = (root.find(f".//{tag}") for tag in ("img", "video", "audio"))
    assert dict(picture.attrib) == {
        "class": "lead", "src": "https://example.com/wheel.jpg", "alt": "A wheel", "width": "64", "height": "48",
    }  # fmt: skip
    assert (film.get("src"), film.get("aria-label")) == ("https://example.com/turn.mp4", "A wheel")
    assert sound.get("src") == "https://example.com/listen.mp3"


def test_a_page_tells_machines_what_it_is(site):
    outcome = site.publish(
        "cast-iron",
        media=[a_file(MediaKind.IMAGE, url="https://example.com/pan.jpg")],
        platform_specific={"author": "Ana", "description": "On pans.", "keywords": ["iron"], "language": "en-GB"},
    )
    root = parsed(site.read("cast-iron/index.html"))

    assert root.find(".//link[@rel='canonical']").get("href") == outcome.external_url
    assert root.find(".//meta[@name='description']").get("content") == "On pans."
    properties = {meta.get("property"): meta.get("content") for meta in root.findall(".//meta[@property]")}
    assert properties["og:type"] == "article"
    assert properties["og:url"] == outcome.external_url
    assert properties["og:image"] == "https://example.com/pan.jpg"
    assert root.find(".//link[@type='application/atom+xml']").get("href") == "/feed.xml"
    data = json.loads(root.findtext(".//script"))
    assert (data["@type"], data["headline"], data["author"]["name"]) == ("Article", "Cast Iron", "Ana")
    assert data["datePublished"] == root.find(".//article//time").get("datetime")
    assert root.find(".//article").get("lang") == "en-GB"


def test_a_page_can_be_used_without_sight_or_mouse(site):
    site.publish("cast-iron")
    root = parsed(site.read("cast-iron/index.html"))
    body = root.find("body")
    assert body[0].get("href") == "#main"
    assert [element.tag for element in body[1:]] == ["header", "main", "footer"]
    assert root.find(".//main").get("id") == "main"
    assert root.get("lang") == "en"


def test_paid_links_and_their_disclosure_keep_what_marks_them(site):
    site.publish(
        "page",
        body='<p class="disclosure x">Paid links below.</p><p>A <a rel="SPONSORED nofollow evil" href="https://example.com">pan</a>.</p>',
    )
    root = parsed(site.read("page/index.html"))
    link = root.find(".//div[@class='body']//a")
    assert set(link.get("rel").split()) == {"sponsored", "nofollow"}
    assert root.find(".//p[@class='disclosure']") is not None
    assert "A pan." in site.read("index.html")
    assert "Paid links" not in site.read("index.html")


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_ground_in_light_and_dark(site):
    site.publish("cast-iron")
    schemes = re.findall(r":root \{(.*?)\}", site.read("assets/style.css"), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for text in ("ink", "soft", "accent"):
            assert contrast(colours[text], colours["paper"]) >= 4.5
            assert contrast(colours[text], colours["tint"]) >= 4.5
