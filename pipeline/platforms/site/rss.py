"""The site's feed for readers that know RSS 2.0 only (rssboard.org/rss-specification); `feed.py` has the Atom one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from lxml import etree

from pipeline.platforms.site.article import SiteConfig
from pipeline.platforms.site.listing import Entry

PATH: Final = "rss.xml"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_NSMAP: Final[Any] = {"atom": _ATOM, "dc": _DC}


def rss(config: SiteConfig, newest: Sequence[Entry], changed_at: datetime) -> bytes:
    """The newest articles. `changed_at` is when the site last changed."""
    root = etree.Element("rss", {"version": "2.0"}, nsmap=_NSMAP)
    channel = etree.SubElement(root, "channel")
    _add(channel, "title", config.name)
    _add(channel, "link", config.url())
    _add(channel, "description", config.description or config.name)
    _add(channel, "language", config.language)
    _add(channel, "lastBuildDate", _time(changed_at))
    itself = {"rel": "self", "type": "application/rss+xml", "href": config.url(PATH)}
    etree.SubElement(channel, f"{{{_ATOM}}}link", itself)
    for entry in newest:
        _add_item(channel, config, entry)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _add_item(channel: etree._Element, config: SiteConfig, entry: Entry) -> None:
    item = etree.SubElement(channel, "item")
    address = config.url(f"{entry.slug}/")
    _add(item, "title", entry.title)
    _add(item, "link", address)
    # The address is never given to another article, so it is the permanent id that the format asks for.
    _add(item, "guid", address).set("isPermaLink", "true")
    _add(item, "pubDate", _time(entry.published_at))
    if entry.author:
        _add(item, f"{{{_DC}}}creator", entry.author)  # RSS's own author is an e-mail address
    for tag in entry.tags:
        _add(item, "category", tag.title)
    _add(item, "description", escape(entry.excerpt, quote=False))  # the format holds HTML here


def _add(parent: etree._Element, tag: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = text
    return element


def _time(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
