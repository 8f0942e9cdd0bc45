"""The feed: RSS 2.0 as PSP-1 has it, with the tags of Podcasting 2.0. It is the record of what is published.

https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification

What we did not write (other hosts' tags, hand-made episodes, comments) stays as it was found.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from typing import Any, Final

from lxml import etree

from pipeline.platforms.podcast.show import Show

_ITUNES: Final = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST: Final = "https://podcastindex.org/namespace/1.0"
_PODCAST_BEFORE: Final = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
"""The name that the namespace had first; its specification says that both are one."""
_ATOM: Final = "http://www.w3.org/2005/Atom"
_NAMESPACES: Final = {
    "itunes": _ITUNES,
    "podcast": _PODCAST,
    "atom": _ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",  # PSP-1 wants it declared where notes are HTML
}
_SHOWS: Final = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace in which feeds' addresses become shows' identities."""


class FeedError(Exception):
    """What is stored as the feed is none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An episode that is in the feed; `published_at` is None where the feed tells no time that can be read."""

    guid: str
    audio_url: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Episode:
    """What the feed is to say of an episode. `notes` is HTML; `audio_bytes` is the size of the file at `audio_url`."""

    guid: str
    title: str
    notes: str
    link: str | None
    audio_url: str
    audio_bytes: int
    audio_type: str
    duration_seconds: float | None
    explicit: bool
    picture_url: str | None = None
    transcript: tuple[str, str] | None = None
    """Its address and its type."""
    season: int | None = None
    number: int | None = None


class Feed:
    """The feed of a show, read from its bytes; None makes an empty one. Raises: FeedError."""

    def __init__(self, content: bytes | None) -> None:
        self._root = _parsed(content) if content is not None else _empty()
        channel = self._root.find("channel")
        if self._root.tag != "rss" or channel is None:
            raise FeedError("It is no RSS.")
        self._channel: Any = channel

    def find(self, guid: str) -> Listed | None:
        item = self._item(guid)
        return None if item is None else _listed(item)

    def guids(self) -> set[str]:
        return {_guid(item) for item in self._channel.iterfind("item")}

    def describe(self, show: Show) -> None:
        """Say of the show what the account's settings say. What names the show for good stays, once it is there."""
        channel = self._channel
        _set(channel, "title", show.title)
        _set(channel, "link", show.home)
        _set(channel, "description", show.description)
        _set(channel, "language", show.language)
        self._link_to_itself(show.feed_url)
        _set(channel, _itunes("author"), show.author)
        _set(channel, _itunes("explicit"), _truth(yes=show.explicit))
        _set(channel, _itunes("image"), href=show.image_url)
        self._categorise([tuple(part.strip() for part in each.split(">")) for each in show.category])
        _set(channel, _podcast("locked"), "yes" if show.locked else "no")
        if channel.find(_podcast("guid")) is None:
            moved = channel.findtext(f"{{{_PODCAST_BEFORE}}}guid")
            _set(channel, _podcast("guid"), moved or show_guid(show.feed_url))
        if show.email:
            owner = _set(channel, _itunes("owner"))
            _set(owner, _itunes("name"), show.author)
            _set(owner, _itunes("email"), show.email)

    def add(self, episode: Episode, published_at: datetime) -> Listed:
        """Put a new episode before the others."""
        item = etree.Element("item")
        _fill(item, episode)
        _set(item, "pubDate", format_datetime(published_at))
        _insert(self._channel, self._first_item(), item)
        return _listed(item)

    def rewrite(self, episode: Episode) -> None:
        """Let an episode that is in the feed say something else; its time and its guid stay."""
        _fill(self._item(episode.guid), episode)

    def remove(self, guid: str) -> None:
        item = self._item(guid)
        if item is not None:
            self._channel.remove(item)

    def stamp(self, moment: datetime) -> None:
        _set(self._channel, "lastBuildDate", format_datetime(moment))

    def rendered(self) -> bytes:
        return etree.tostring(self._root.getroottree(), xml_declaration=True, encoding="UTF-8")

    def _item(self, guid: str) -> Any:
        return next((item for item in self._channel.iterfind("item") if _guid(item) == guid), None)

    def _first_item(self) -> int:
        first = self._channel.find("item")
        return len(self._channel) if first is None else self._channel.index(first)

    def _link_to_itself(self, url: str) -> None:
        links = self._channel.iterfind(f"{{{_ATOM}}}link")
        link = next((each for each in links if each.get("rel") == "self"), None)
        if link is None:
            link = etree.Element(f"{{{_ATOM}}}link", rel="self")
            _insert(self._channel, self._first_item(), link)
        link.attrib.update({"href": url, "type": "application/rss+xml"})

    def _categorise(self, wanted: list[tuple[str, ...]]) -> None:
        tag = _itunes("category")
        there = self._channel.findall(tag)
        if [tuple(str(part.get("text")) for part in each.iter(tag)) for each in there] == wanted:
            return
        for each in there:
            self._channel.remove(each)
        for category, *subcategories in wanted:
            element = etree.Element(tag, text=category)
            for name in subcategories:
                etree.SubElement(element, tag, text=name)
            _insert(self._channel, self._first_item(), element)


def show_guid(feed_url: str) -> str:
    """The show's identity wherever it moves: of the address that its feed had first."""
    return str(uuid.uuid5(_SHOWS, feed_url.partition("://")[2].rstrip("/")))


def _fill(item: Any, episode: Episode) -> None:
    _set(item, "title", episode.title)
    _set_or_remove(item, "link", episode.link)
    _set(item, "description", etree.CDATA(episode.notes))
    _set(
        item,
        "enclosure",
        url=episode.audio_url,
        length=str(episode.audio_bytes),
        type=episode.audio_type,
    )
    _set(item, "guid", episode.guid, isPermaLink="false")
    _set(item, _itunes("explicit"), _truth(yes=episode.explicit))
    seconds = None if episode.duration_seconds is None else str(round(episode.duration_seconds))
    _set_or_remove(item, _itunes("duration"), seconds)
    _set_or_remove(item, _itunes("image"), **({"href": episode.picture_url} if episode.picture_url else {}))
    # Where nothing is said of these, somebody may have said it in the feed by hand.
    if episode.transcript is not None:
        url, mime_type = episode.transcript
        _set(item, _podcast("transcript"), url=url, type=mime_type)
    if episode.season is not None:
        _set(item, _itunes("season"), str(episode.season))
    if episode.number is not None:
        _set(item, _itunes("episode"), str(episode.number))


def _listed(item: Any) -> Listed:
    enclosure = item.find("enclosure")
    try:
        published_at = parsedate_to_datetime(item.findtext("pubDate") or "")
    except ValueError:
        published_at = None
    if published_at is not None and published_at.tzinfo is None:  # RFC 2822 writes a zone that nobody knows as -0000
        published_at = published_at.replace(tzinfo=UTC)
    return Listed(_guid(item), None if enclosure is None else enclosure.get("url"), published_at)


def _guid(item: Any) -> str:
    return str(item.findtext("guid") or "").strip()


def _itunes(name: str) -> str:
    return f"{{{_ITUNES}}}{name}"


def _podcast(name: str) -> str:
    return f"{{{_PODCAST}}}{name}"


def _truth(*, yes: bool) -> str:
    return "true" if yes else "false"


def _set(parent: Any, tag: str, text: Any = None, **attributes: str) -> Any:
    """The element, with that text and those attributes; a channel's new one stands before the episodes."""
    element = parent.find(tag)
    if element is None:
        element = etree.Element(tag)
        first = parent.find("item")
        _insert(parent, len(parent) if first is None else parent.index(first), element)
    if text is not None:
        element.text = text
    element.attrib.update(attributes)
    return element


def _set_or_remove(parent: Any, tag: str, text: str | None = None, **attributes: str) -> None:
    element = parent.find(tag)
    if text is not None or attributes:
        _set(parent, tag, text, **attributes)
    elif element is not None:
        parent.remove(element)


def _insert(parent: Any, index: int, element: Any) -> None:
    """Put it there on a line of its own."""
    level = len(list(parent.iterancestors())) + 1
    etree.indent(element, space="  ", level=level)
    parent.insert(index, element)
    line, last_line = "\n" + "  " * level, "\n" + "  " * (level - 1)
    element.tail = last_line if element.getnext() is None else line
    previous = element.getprevious()
    if previous is None:
        parent.text = line
    elif not (previous.tail or "").strip():
        previous.tail = line


def _empty() -> Any:
    root = etree.Element("rss", {"version": "2.0"}, nsmap=_NAMESPACES)
    _insert(root, 0, etree.Element("channel"))
    return root


def _parsed(content: bytes) -> Any:
    """The root, which declares our namespaces. Raises: FeedError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    try:
        root: Any = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise FeedError(f"It is no XML: {error.msg}.") from None
    missing = {prefix: uri for prefix, uri in _NAMESPACES.items() if uri not in root.nsmap.values()}
    return _declaring(root, missing) if missing else root


def _declaring(root: Any, namespaces: Mapping[str, str]) -> Any:
    """The same document, its root declaring these as well: PSP-1 wants them in the opening tag."""
    known = dict(root.nsmap)
    for prefix, uri in namespaces.items():
        known[next(name for name in _free(prefix) if name not in known)] = uri
    made: Any = etree.Element(root.tag, dict(root.attrib), nsmap=known)
    made.text = root.text
    before, after = list(root.itersiblings(preceding=True)), list(root.itersiblings())
    made.extend(list(root))
    for each in reversed(before):  # comments, and the style sheet for browsers
        made.addprevious(each)
    for each in reversed(after):
        made.addnext(each)
    return made


def _free(prefix: str) -> Iterator[str]:
    """The prefix, then others like it: an older feed may have given it to another namespace."""
    yield prefix
    yield from (f"{prefix}{number}" for number in count(2))
