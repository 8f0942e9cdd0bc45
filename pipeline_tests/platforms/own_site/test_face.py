"""What a page shows of its article, in the site's language and the article's."""

import pytest

from pipeline.platforms.site import layout, sanitise, words
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.own_site.conftest import a_file
from pipeline_tests.platforms.own_site.reading import assert_valid_and_inert, parsed

PICTURE = "https://example.com/wheel.jpg"


def test_a_page_shows_the_first_picture_film_and_sound_of_its_post(site):
    names = {MediaKind.AUDIO: "listen.mp3", MediaKind.VIDEO: "turn.mp4", MediaKind.IMAGE: "wheel.jpg"}
    media = [a_file(kind, url=f"https://example.com/{name}", alt_text="A wheel") for kind, name in names.items()]
    site.publish("page", media=[*media, a_file(MediaKind.IMAGE, url="https://example.com/second.jpg")])
    root = assert_valid_and_inert(site.read("page/index.html"))
    picture, film, sound = (root.find(f".//article//{tag}") for tag in ("img", "video", "audio"))
    shown = {name: picture.get(name) for name in ("src", "alt", "width", "height", "loading", "fetchpriority")}
    assert shown == {
        "src": PICTURE, "alt": "A wheel", "width": "64", "height": "48", "loading": None, "fetchpriority": "high",
    }  # fmt: skip
    assert (film.get("src"), film.get("aria-label")) == ("https://example.com/turn.mp4", "A wheel")
    assert sound.get("src") == "https://example.com/listen.mp3"


def test_pictures_in_the_text_have_their_size_load_late_and_carry_their_title_as_a_caption(site):
    body = f'<p>Text.</p><p><img src="{PICTURE}" alt="A wheel" title="Thirty-two &lt;b&gt; spokes"></p><p><img src="/x.png"> inline</p>'
    lead = a_file(MediaKind.IMAGE, "https://example.com/lead.jpg")
    site.publish("page", body=body, media=[lead, a_file(MediaKind.IMAGE, PICTURE, size=(1600, 900))])
    root = assert_valid_and_inert(site.read("page/index.html"))
    figure = root.find(".//div[@class='body']/figure")
    picture = figure.find("img")
    assert {name: picture.get(name) for name in ("width", "height", "loading", "title")} == {
        "width": "1600", "height": "900", "loading": "lazy", "title": None,
    }  # fmt: skip
    assert figure.get("class") == "broad"
    assert figure.findtext("figcaption") == "Thirty-two <b> spokes"
    assert root.find(".//div[@class='body']/p/img").get("alt") == ""


def test_a_picture_that_the_text_shows_is_not_shown_twice(site):
    site.publish(
        "page", body=f"<p>Text.</p><p><img src='{PICTURE}' alt='A'></p>", media=[a_file(MediaKind.IMAGE, PICTURE)]
    )
    root = parsed(site.read("page/index.html"))
    assert len(root.findall(".//article//img")) == 1
    assert root.find(".//meta[@property='og:image']").get("content") == PICTURE


def test_a_table_scrolls_within_itself_and_a_title_that_looks_like_one_stays_text():
    body = sanitise.body_html('<p title="<table><pre><img >">x</p><table><tr><td>1</table><pre>code</pre>')
    page = layout.laid_out(body, {}, words.words_for("de"))
    assert page == (
        '<p title="&lt;table&gt;&lt;pre&gt;&lt;img &gt;">x</p>'
        '<div class="wide" role="group" aria-label="Tabelle, seitlich verschiebbar" tabindex="0">'
        '<table><tbody><tr><td>1</td></tr></tbody></table></div><pre tabindex="0">\ncode</pre>'
    )


def test_an_excerpt_that_is_the_texts_own_beginning_is_not_read_twice(site):
    site.publish("page", platform_specific={"excerpt": "A heavy pan holds …"})
    site.publish("other", platform_specific={"excerpt": "On pans."})
    assert parsed(site.read("page/index.html")).find(".//p[@class='standfirst']") is None
    assert parsed(site.read("other/index.html")).findtext(".//p[@class='standfirst']") == "On pans."
    site.publish(
        "noted",
        body="<p><em>With advertising.</em></p><p>Pans <em>last</em>.</p>",
        platform_specific={"excerpt": "Pans last."},
    )
    assert parsed(site.read("noted/index.html")).find(".//p[@class='standfirst']") is None


def test_a_curated_article_says_whose_it_is_and_leads_to_the_original(site):
    credit = {"url": "https://example.com/original", "publisher": "Slow Miles", "author": "Ana", "license": "CC BY 4.0"}
    site.publish("page", platform_specific={"credit": credit})
    credited = parsed(site.read("page/index.html")).find(".//p[@class='credit']")
    assert (
        " ".join(credited.text_content().split()) == "First published by Slow Miles, Ana Read the original ↗ CC BY 4.0"
    )
    assert credited.find("a").get("href") == "https://example.com/original"


def test_an_article_leads_to_its_topics_and_to_others_of_them(site):
    for slug in ("first", "second"):
        site.publish(slug, platform_specific={"keywords": ["Cast iron"]})
    root = parsed(site.read("second/index.html"))
    assert root.find(".//p[@class='kicker']/a").get("href") == "/tags/cast-iron/"
    assert [link.text for link in root.findall(".//ul[@class='topics']//a")] == ["Cast iron"]
    assert [link.get("href") for link in root.findall(".//section[@class='related']//a")] == ["/first/"]


def test_a_site_speaks_its_own_language_and_an_article_another(site):
    site.settings |= {"language": "de-AT"}
    site.publish("page", platform_specific={"language": "ar", "author": "ليلى"})
    root = parsed(site.read("page/index.html"))
    article = root.find(".//main/article")
    assert (root.get("lang"), root.get("dir")) == ("de", "ltr")
    assert (article.get("lang"), article.get("dir")) == ("ar", "rtl")
    byline = article.find(".//p[@class='byline']")
    assert (byline.get("lang"), byline.get("dir")) == ("de", "ltr")
    assert byline.text_content().split()[0] == "Von"
    assert [link.text for link in root.findall(".//header/nav/a")] == ["Archiv", "Themen", "Feed"]
    teaser = parsed(site.read("index.html")).find(".//main//article")
    assert (teaser.get("lang"), teaser.get("dir")) == ("ar", "rtl")


def test_a_language_without_words_here_gets_english_that_says_it_is(site):
    site.settings |= {"language": "fi", "description": "Hitaita aterioita"}
    site.publish("page")
    root = parsed(site.read("index.html"))
    assert root.get("lang") == "en"
    assert root.find(".//header/a").get("lang") == "fi"
    assert root.find(".//h1").get("lang") == "fi"
    assert root.find(".//header/nav/a").text == "Archive"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("ur", "rtl"), ("az-Arab", "rtl"), ("de", "ltr"), ("xx-nonsense", "ltr")],
)
def test_the_direction_of_a_text_is_its_languages(language, expected):
    assert words.direction(language) == expected


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
    assert (properties["og:image:width"], properties["og:image:height"]) == ("64", "48")
    assert properties["article:tag"] == "iron"
    assert root.find(".//main/article").get("lang") == "en-GB"


def test_a_page_can_be_used_without_sight_or_mouse(site):
    site.publish("cast-iron")
    root = parsed(site.read("cast-iron/index.html"))
    body = root.find("body")
    assert body[0].get("href") == "#main"
    assert [element.tag for element in body[1:]] == ["header", "main", "footer"]
    assert root.find(".//main").get("id") == "main"


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


def test_the_disclosure_that_markdown_can_only_emphasise_is_set_apart():
    told = "<p><em>Advertising: this has paid links.</em></p>"
    paid = '<p>A <a href="https://example.com" rel="nofollow sponsored">pan</a>.</p>'
    assert layout.laid_out(sanitise.body_html(told + paid), {}, words.words_for("en")).startswith(
        '<p class="disclosure"><em>'
    )
    assert layout.laid_out(sanitise.body_html(told + "<p>x</p>"), {}, words.words_for("en")).startswith("<p><em>")
