"""What listeners' apps make of the feed: each guid is an episode, and a feed that PSP-1 does not allow is dropped.

https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Final

from lxml import etree

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

FEED: Final = "feed.xml"
_NS: Final = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
}
_NEEDED: Final = {
    "atom:link[@rel='self']/@href": "an atom:link to itself",
    "title/text()": "a title",
    "description/text()": "a description",
    "link/text()": "a link",
    "language/text()": "a language",
    "itunes:category/@text": "an itunes:category",
    "itunes:explicit[text()='true' or text()='false']": "an itunes:explicit of true or false",
    "itunes:image/@href": "an itunes:image",
}
_ENCLOSURES: Final = ("audio/mpeg", "audio/m4a", "video/m4v", "video/mp4")
_MOST_BYTES: Final = 4000
_MOST_CHARACTERS: Final = 255


def read(call: Call) -> None:
    """Record what the apps see of the feed as it is now, against what they saw before."""
    before = {each["guid"]: each for each in call.ledger.newest("podcast", "episode")}
    now: dict[str, Document] = {}
    if call.ledger.get("podcast", "object", FEED) is not None:
        channel = _channel(call.body)
        wrong = ["It is no RSS."] if channel is None else list(_wrong(call, channel))
        if channel is None or wrong:
            call.record("feed_refused", FEED, title=" ".join(wrong))
            return
        now = {each["guid"]: each for each in map(_episode, channel.findall("item"))}
    for guid, episode in now.items():
        if guid not in before:
            _seen(call, "episode_published", episode)
        elif episode != before[guid]:
            _seen(call, "episode_updated", episode)
    for guid in before.keys() - now.keys():
        call.ledger.remove("podcast", "episode", guid)
        call.record("episode_removed", guid, title=before[guid]["title"])


def _seen(call: Call, kind: str, episode: Document) -> None:
    call.ledger.put("podcast", "episode", episode["guid"], episode)
    url = call.link(f"/podcast/episodes/{episode['guid']}")
    call.record(kind, episode["guid"], title=episode["title"], text=episode["notes"], url=url)


def _channel(content: bytes) -> Any:
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    return root.find("channel") if root.tag == "rss" and root.get("version") == "2.0" else None


def _wrong(call: Call, channel: Any) -> Iterator[str]:
    declared = channel.getparent().nsmap
    yield from (f"It does not declare {prefix}." for prefix, uri in _NS.items() if declared.get(prefix) != uri)
    yield from (f"It has no {what}." for path, what in _NEEDED.items() if not channel.xpath(path, namespaces=_NS))
    if len((channel.findtext("description") or "").encode()) > _MOST_BYTES:
        yield "Its description is too long."
    items = channel.findall("item")
    guids = Counter((item.findtext("guid") or "").strip() for item in items)
    yield from (f"The guid {guid!r} is given {times} times." for guid, times in guids.items() if times > 1)
    for item in items:
        name = repr((item.findtext("title") or "")[:60])
        yield from (f"Episode {name}: {what}" for what in _wrong_with(call, item))


def _wrong_with(call: Call, item: Any) -> Iterator[str]:
    title = item.findtext("title") or ""
    if not title.strip() or len(title) > _MOST_CHARACTERS:
        yield "no title, or too long a one."
    if not (item.findtext("guid") or "").strip():
        yield "no guid."
    if len((item.findtext("description") or "").encode()) > _MOST_BYTES:
        yield "its description is too long."
    try:
        parsedate_to_datetime(item.findtext("pubDate") or "")
    except ValueError:
        yield "no pubDate of RFC 2822."
    enclosure = item.find("enclosure")
    if enclosure is None or enclosure.get("type") not in _ENCLOSURES:
        yield "no enclosure of a type that apps play."
        return
    stored = _stored(call, enclosure.get("url", ""))
    if stored is None or str(stored["size"]) != enclosure.get("length"):
        yield "its enclosure is not there, or not of that length."
    pictures = item.findall("itunes:image", _NS)
    if any(_stored(call, picture.get("href", "")) is None for picture in pictures):
        yield "its picture is not there."


def _stored(call: Call, url: str) -> Document | None:
    _, _, key = url.partition("/podcast/files/")
    return call.ledger.get("podcast", "object", key)


def _episode(item: Any) -> Document:
    enclosure = item.find("enclosure")
    return {
        "guid": item.findtext("guid").strip(),
        "title": item.findtext("title"),
        "notes": item.findtext("description") or "",
        "published": item.findtext("pubDate"),
        "audio": enclosure.get("url"),
        "type": enclosure.get("type"),
        "digest": hashlib.sha256(etree.tostring(item, method="c14n", with_tail=False)).hexdigest(),
    }
