"""Every kind of page, its structured data, the feeds and the sitemap, against the rules of their formats."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from pipeline.platforms.site import pages
from pipeline.platforms.site.article import SiteConfig
from pipeline.platforms.site.listing import ARCHIVE, Entry, Listing
from pipeline_tests.platforms.own_site import showcase
from pipeline_tests.platforms.own_site.conftest import Site
from pipeline_tests.platforms.own_site.reading import assert_valid, assert_valid_and_inert, parsed, structured

ADDRESS = "http://127.0.0.1:3001"
FILES = {**showcase.PAGES, "404": "404.html", "410": "torque/410.html"}
CONFIG = SiteConfig(folder="/site", base_url="https://example.com/paper", name="The Paper")
WHEELS = Listing(name="tags/wheels", title="Wheels")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), ADDRESS)
    showcase.fill(site)
    return site


def read(site: Site, name: str) -> str:
    path = Path(FILES[name])
    return site.read(str(path if path.suffix else path / "index.html"))


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_page_is_valid_html(shown, name):
    assert_valid_and_inert(read(shown, name))


@pytest.mark.parametrize("name", FILES)
def test_what_a_page_calls_itself_can_be_told_apart_and_is_where_it_says(shown, name):
    root = parsed(read(shown, name))
    titles = [parsed(read(shown, other)).findtext(".//title") for other in FILES]
    assert titles.count(root.findtext(".//title")) == 1
    canonical = [link.get("href") for link in root.findall(".//link[@rel='canonical']")]
    if name in {"404", "410"}:
        assert canonical == []
        assert root.find(".//meta[@name='robots']").get("content") == "noindex"
    else:
        assert canonical == [f"{ADDRESS}/{FILES[name]}"]
        assert root.find(".//meta[@property='og:url']").get("content") == canonical[0]


def entry(number: int, **changes: Any) -> Entry:
    moment = datetime(2026, 1 + number % 12, 3, tzinfo=UTC)
    values = {
        "slug": f"post-{number}", "title": f"Post {number}", "excerpt": "Words.", "author": None, "language": "en",
        "canonical_url": f"https://example.com/paper/post-{number}/", "tags": (WHEELS,), "image_url": None,
        "image_alt": "", "image_width": None, "image_height": None, "published_at": moment, "modified_at": moment,
    }  # fmt: skip
    return Entry.model_validate(values | changes)


@pytest.mark.parametrize(
    ("number", "newest", "newer", "older"),
    [
        (1, 1, None, None),
        (1, 3, "/paper/archive/2/", None),
        (2, 3, "/paper/archive/", "/paper/archive/1/"),
        (3, 3, None, "/paper/archive/2/"),
    ],
)
def test_a_page_of_a_list_leads_to_the_newer_and_the_older_one(number, newest, newer, older):
    page = pages.listing_page(CONFIG, ARCHIVE, [entry(1)], number=number, newest=newest).decode()
    assert_valid(page)
    root = parsed(page)
    ways = {link.get("rel"): link.get("href") for link in root.findall(".//nav[@class='turn']/a")}
    assert (ways.get("prev"), ways.get("next")) == (newer, older)


def test_a_page_of_a_list_that_is_neither_the_newest_nor_beside_it_never_changes():
    made = {pages.listing_page(CONFIG, WHEELS, [entry(1)], number=2, newest=newest) for newest in (4, 5, 400)}
    assert len(made) == 1


def test_lists_of_nothing_are_valid():
    empty = [
        pages.front_page(CONFIG, [], more=False),
        pages.tags_page(CONFIG, []),
        pages.listing_page(CONFIG, WHEELS, [], number=1, newest=1),
    ]
    for page in empty:
        assert_valid_and_inert(page.decode())
        assert "Nothing is published here yet." in page.decode()


def test_equal_input_gives_equal_bytes():
    assert len({pages.front_page(CONFIG, [entry(1), entry(2)], more=True) for _ in range(3)}) == 1


def test_an_articles_structured_data_has_what_google_asks_for(shown):
    article = structured(read(shown, "article"))["Article"]
    assert article["@context"] == "https://schema.org"
    assert article["headline"].startswith("A quarter turn")
    assert article["image"] == [f"{ADDRESS}/media/picture.jpg"]
    for name in ("datePublished", "dateModified"):
        assert datetime.fromisoformat(article[name]).utcoffset() is not None
    assert article["author"] == {"@type": "Person", "name": "Mara Lindqvist"}
    assert article["publisher"] == {"@type": "Organization", "name": "The Workshop", "url": f"{ADDRESS}/"}
    assert article["mainEntityOfPage"] == f"{ADDRESS}/truing/"
    film = article["video"]
    assert film["name"]
    assert film["thumbnailUrl"]
    assert datetime.fromisoformat(film["uploadDate"]).utcoffset() is not None


def test_the_publishers_logo_and_the_original_of_a_curated_article_are_named(site):
    site.settings |= {"logo_url": "https://example.com/logo.png"}
    site.publish("page", platform_specific={"credit": {"url": "https://example.com/original"}})
    page = site.read("page/index.html")
    article = structured(page)["Article"]
    assert article["publisher"]["logo"] == {"@type": "ImageObject", "url": "https://example.com/logo.png"}
    assert article["isBasedOn"] == "https://example.com/original"
    assert article["author"]["@type"] == "Organization"
    assert parsed(page).find(".//meta[@property='og:image']").get("content") == "https://example.com/logo.png"


@pytest.mark.parametrize(
    ("name", "way"), [("article", ["", "tags/wheels/", "truing/"]), ("topic", ["", "tags/wheels/"])]
)
def test_breadcrumbs_lead_from_the_front_page_to_the_page(shown, name, way):
    steps = structured(read(shown, name))["BreadcrumbList"]["itemListElement"]
    assert [step["position"] for step in steps] == list(range(1, len(way) + 1))
    assert [step["item"] for step in steps] == [f"{ADDRESS}/{path}" for path in way]
    assert all(step["name"] for step in steps)


def test_the_front_page_says_what_the_site_is_called(shown):
    assert structured(read(shown, "front"))["WebSite"] == {
        "@context": "https://schema.org", "@type": "WebSite", "name": "The Workshop", "url": f"{ADDRESS}/",
    }  # fmt: skip


def test_every_page_names_both_feeds_and_they_are_there(shown):
    for name in FILES:
        links = parsed(read(shown, name)).findall(".//link[@rel='alternate']")
        assert {link.get("type"): link.get("href") for link in links} == {
            "application/atom+xml": "/feed.xml",
            "application/rss+xml": "/rss.xml",
        }
    assert (shown.folder / "feed.xml").is_file()
    assert (shown.folder / "rss.xml").is_file()


def test_the_atom_feed_has_what_rfc_4287_requires(shown):
    feed = feedparser.parse(shown.read("feed.xml"))
    assert not feed.bozo
    assert feed.version == "atom10"
    assert feed.feed.id
    assert feed.feed.title
    assert feed.feed.author
    assert datetime.fromisoformat(feed.feed.updated).utcoffset() is not None
    assert {link.rel: link.href for link in feed.feed.links} == {
        "self": f"{ADDRESS}/feed.xml",
        "alternate": f"{ADDRESS}/",
    }
    assert len({entry.id for entry in feed.entries}) == len(feed.entries) > 10
    for each in feed.entries:
        assert each.title
        assert each.summary
        assert datetime.fromisoformat(each.updated) >= datetime.fromisoformat(each.published)
        assert [link.href for link in each.links if link.rel == "alternate"] == [each.id]


def test_the_rss_feed_has_what_rss_2_requires(shown):
    feed = feedparser.parse(shown.read("rss.xml"))
    assert not feed.bozo
    assert feed.version == "rss20"
    assert feed.feed.title
    assert feed.feed.link
    assert feed.feed.description
    assert len({entry.guid for entry in feed.entries}) == len(feed.entries) > 10
    for each in feed.entries:
        assert each.title
        assert each.description
        assert each.link == each.guid
        assert parsedate_to_datetime(each.published).utcoffset() is not None


def test_the_sitemap_keeps_the_protocols_rules(shown):
    """sitemaps.org/protocol.html: the names of elements and their order, absolute addresses below the sitemap's own,
    W3C dates, and 50,000 entries and 50 MB a file at most."""
    parts = assert_sitemap(shown.read("sitemap.xml"), "sitemapindex", "sitemap")
    pages_listed = [page for part in parts for page in assert_sitemap(shown.read(part), "urlset", "url")]
    assert len(set(pages_listed)) == len(pages_listed)
    standing = {path.parent.name for path in shown.folder.glob("*/index.html")} - {"archive", "tags"}
    assert {path.rstrip("/") for path in pages_listed} == {"", *standing}


def assert_sitemap(text: str, root_name: str, item_name: str) -> list[str]:
    """The paths that it lists, in the site."""
    namespace = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert len(text.encode()) <= 50 * 1024 * 1024
    root = etree.fromstring(text.encode())
    assert root.tag == f"{namespace}{root_name}"
    assert 0 < len(root) <= 50_000
    paths = []
    for item in root:
        assert item.tag == f"{namespace}{item_name}"
        assert [child.tag for child in item] == [f"{namespace}loc", f"{namespace}lastmod"]
        address, changed_at = (str(child.text) for child in item)
        assert address.startswith(f"{ADDRESS}/")
        assert len(address) < 2048
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+\d\d:\d\d|Z)", changed_at)
        paths.append(address.removeprefix(f"{ADDRESS}/"))
    return paths
