"""The site's feed, Atom (RFC 4287)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from pipeline.platforms.site.article import SiteConfig
from pipeline.platforms.site.listing import Entry

PATH: Final = "feed.xml"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_NSMAP: Final[Any] = {None: _ATOM}  # the stubs know no default namespace
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(config: SiteConfig, newest: Sequence[Entry], changed_at: datetime) -> bytes:
    """The newest articles. `changed_at` is when the site last changed."""
    feed = etree.Element(f"{{{_ATOM}}}feed", {_LANG: config.language}, nsmap=_NSMAP)
    _add(feed, "title", config.name)
    if config.description:
        _add(feed, "subtitle", config.description)
    _add(feed, "id", config.url())
    _add(feed, "link", rel="self", type="application/atom+xml", href=config.url(PATH))
    _add(feed, "link", rel="alternate", type="text/html", href=config.url())
    if config.websub_hub:
        _add(feed, "link", rel="hub", href=config.websub_hub)
    _add(feed, "updated", _time(changed_at))
    _add(_add(feed, "author"), "name", config.name)
    for article in newest:
        _add_entry(feed, config, article)
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _add_entry(feed: etree._Element, config: SiteConfig, article: Entry) -> None:
    entry = _add(feed, "entry")
    entry.set(_LANG, article.language)
    _add(entry, "title", article.title)
    # The address is never given to another article, so it is the permanent id that the format asks for.
    _add(entry, "id", config.url(f"{article.slug}/"))
    _add(entry, "link", rel="alternate", type="text/html", href=config.url(f"{article.slug}/"))
    _add(entry, "published", _time(article.published_at))
    _add(entry, "updated", _time(article.modified_at))
    if article.author:
        _add(_add(entry, "author"), "name", article.author)
    for tag in article.tags:
        _add(entry, "category", term=tag.title)
    _add(entry, "summary", article.excerpt)


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    element.text = text
    return element


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
