"""Sitemaps (sitemaps.org/protocol.html) and robots.txt, which is how a search engine finds them.

`sitemap.xml` is always the index. Each part has the articles of as many places in the archive as lie in one folder, so
a page stays in its part for good; `sitemap-site.xml` has the front page.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from pipeline.platforms.site.article import SiteConfig
from pipeline.platforms.site.listing import Entry

PATH: Final = "sitemap.xml"
SITE_PART: Final = "sitemap-site.xml"
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NSMAP: Final[Any] = {None: _NAMESPACE}  # the stubs know no default namespace


def part_path(number: int) -> str:
    """Parts are counted from 1, the oldest."""
    return f"sitemap-{number}.xml"


def part(config: SiteConfig, entries: Iterable[Entry]) -> bytes:
    """The pages of some articles, but for those whose canonical address is elsewhere."""
    own = ((config.url(f"{entry.slug}/"), entry) for entry in entries)
    return _document("urlset", "url", ((url, entry.modified_at) for url, entry in own if entry.canonical_url == url))


def site_part(config: SiteConfig, changed_at: datetime) -> bytes:
    return _document("urlset", "url", [(config.url(), changed_at)])


def index(config: SiteConfig, parts: Mapping[str, datetime]) -> bytes:
    """The parts by path, each with when it last changed."""
    return _document("sitemapindex", "sitemap", ((config.url(path), changed_at) for path, changed_at in parts.items()))


def changes(config: SiteConfig, content: bytes | None) -> dict[str, datetime]:
    """When each address in a sitemap or an index changed, by path; nothing where it is none, or of another site."""
    try:
        root = etree.fromstring(content or b"", etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return {}
    found = {
        str(item.findtext(f"{{{_NAMESPACE}}}loc")): str(item.findtext(f"{{{_NAMESPACE}}}lastmod")) for item in root
    }
    base = config.url()
    return {url.removeprefix(base): datetime.fromisoformat(at) for url, at in found.items() if url.startswith(base)}


def robots_txt(config: SiteConfig) -> bytes:
    return f"User-agent: *\nAllow: /\n\nSitemap: {config.url(PATH)}\n".encode()


def _document(root: str, item: str, entries: Iterable[tuple[str, datetime]]) -> bytes:
    document = etree.Element(f"{{{_NAMESPACE}}}{root}", nsmap=_NSMAP)
    for url, changed_at in entries:
        entry = etree.SubElement(document, f"{{{_NAMESPACE}}}{item}")
        etree.SubElement(entry, f"{{{_NAMESPACE}}}loc").text = url
        etree.SubElement(entry, f"{{{_NAMESPACE}}}lastmod").text = _time(changed_at)
    return etree.tostring(document, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
