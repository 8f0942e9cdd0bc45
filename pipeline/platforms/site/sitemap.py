"""Sitemaps (sitemaps.org/protocol.html) and robots.txt, which is how a search engine finds them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from pipeline.platforms.site.article import Article, SiteConfig

PATH: Final = "sitemap.xml"
URLS_PER_FILE: Final = 50_000
"""The protocol's limit."""
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NSMAP: Final[Any] = {None: _NAMESPACE}  # the stubs know no default namespace


def sitemaps(
    config: SiteConfig, articles: Sequence[Article], changed_at: datetime, *, urls_per_file: int = URLS_PER_FILE
) -> dict[str, bytes]:
    """The sitemap's files by path, `sitemap.xml` last: one set of URLs, or an index of as many sets as it takes.

    A page whose canonical address is elsewhere is left out: a sitemap lists canonical addresses.
    """
    own = [(config.url(f"{article.slug}/"), article) for article in articles]
    entries = [(config.url(), changed_at)]
    entries += [(url, article.modified_at) for url, article in own if article.canonical_url == url]
    sets = [entries[start : start + urls_per_file] for start in range(0, len(entries), urls_per_file)]
    if len(sets) == 1:
        return {PATH: _document("urlset", "url", entries)}
    parts = {f"sitemap-{number}.xml": part for number, part in enumerate(sets, start=1)}
    index = [(config.url(path), max(moment for _, moment in part)) for path, part in parts.items()]
    files = {path: _document("urlset", "url", part) for path, part in parts.items()}
    return {**files, PATH: _document("sitemapindex", "sitemap", index)}


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
