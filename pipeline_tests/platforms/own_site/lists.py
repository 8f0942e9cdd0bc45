"""What a site's lists show, read as a reader would: from the pages that are served."""

import re
from collections import Counter

import feedparser
import lxml.html
from lxml import etree

from pipeline.platforms.site.article import Article
from pipeline.platforms.site.folder import SiteFolder

_LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def pages_of(site, listing="archive"):
    """The slugs on each page of a listing, newest first, by the page's path; the newest page's is the listing's own."""
    root = site.folder / listing
    found = {page.parent.relative_to(root).as_posix(): page for page in root.rglob("index.html")}
    own = {path: page for path, page in found.items() if path == "." or path.isdecimal()}
    return {path: slugs_on(page.read_text(encoding="utf-8")) for path, page in sorted(own.items())}


def slugs_on(page):
    (main,) = lxml.html.document_fromstring(page).iter("main")
    links = [str(link.get("href")) for heading in main.iter("li", "h2", "h3") for link in heading.iter("a")]
    slugs = [found[1] for found in (re.fullmatch(r"/([a-z0-9-]+)/", link) for link in links) if found]
    return list(dict.fromkeys(slug for slug in slugs if slug not in {"archive", "tags"}))


def topics(site):
    tags = site.folder / "tags"
    return sorted(f"tags/{page.parent.name}" for page in tags.glob("*/index.html")) if tags.exists() else []


def assert_nothing_twice(site):
    """In no listing, no feed, no sitemap."""
    for listing in ("archive", *topics(site)):
        shown = Counter(slug for slugs in pages_of(site, listing).values() for slug in slugs)
        assert not [slug for slug, times in shown.items() if times > 1], listing
    for feed in ("feed.xml", "rss.xml"):
        links = [entry.link for entry in feedparser.parse(site.read(feed)).entries]
        assert len(links) == len(set(links))
    locations = sitemap(site)
    assert len(locations) == len(set(locations))


def record_of(site, slug) -> Article:
    article = SiteFolder(site.folder).article(slug)
    assert article is not None
    return article


def sitemap(site):
    parts = etree.fromstring(site.read("sitemap.xml").encode()).iter(_LOC)
    names = [str(part.text).rpartition("/")[2] for part in parts]
    return [str(loc.text) for name in names for loc in etree.fromstring(site.read(name).encode()).iter(_LOC)]
