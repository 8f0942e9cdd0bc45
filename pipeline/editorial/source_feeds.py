"""RSS, Atom and JSON Feed as rows, under our own names."""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax import SAXException

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.editorial.source_formats import BadRow, Document, Record, Row, SourceError, excerpt, is_url
from pipeline.platforms.fetch import MAX_BYTES

_JSON_FEED: Final = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Author(_Loose):
    name: str | None = None


class _Attachment(_Loose):
    url: str
    mime_type: str = ""


class _FeedItem(_Loose):
    """https://www.jsonfeed.org/version/1.1/ §Items; `author` is of version 1.0."""

    id: str
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    image: str | None = None
    banner_image: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    authors: list[_Author] = []
    author: _Author | None = None
    language: str | None = None
    attachments: list[_Attachment] = []


class _JsonFeed(_Loose):
    version: str
    title: str
    language: str | None = None
    items: list[Any]


def feed_rows(document: Document, location: str) -> Iterator[Row]:
    """The feed's items, in its order; `line` is an item's position, from 1.

    The account is the feed's title. Links and ids are made absolute against the source's location, not against where
    a redirect led, so that they stay the same when a redirect changes.

    Raises:
        SourceError: it is too large, or not a feed.
    """
    body = document.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise SourceError(f"The feed is larger than {MAX_BYTES:,} bytes.")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_feed(body)
    return _xml_feed(body, document.content_type, location)


def _xml_feed(body: bytes, content_type: str, location: str) -> Iterator[Row]:
    import feedparser

    headers = {"content-location": location} if is_url(location) else {}
    if content_type:
        headers["content-type"] = content_type
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    if not parsed.get("version"):
        raise SourceError("It is not a feed: neither RSS, Atom nor JSON Feed.")
    damage = parsed.get("bozo_exception")
    if not isinstance(damage, SAXException):  # the others are remarks about the headers
        damage = None
    if damage and not parsed.entries:
        raise SourceError(f"The feed is damaged: {damage}.")
    return _xml_items(parsed, damage)


def _xml_items(parsed: Any, damage: SAXException | None) -> Iterator[Row]:
    publisher, language = parsed.feed.get("title"), parsed.feed.get("language")
    for position, entry in enumerate(parsed.entries, start=1):
        yield Record(position, _xml_item(entry, publisher, language))
    if damage:
        yield BadRow(len(parsed.entries) + 1, f"the feed is not well-formed, items may be missing: {damage}", "")


def _xml_item(entry: Any, publisher: str | None, language: str | None) -> dict[str, Any]:
    summary = entry.get("summary")
    full = max((part.get("value", "") for part in entry.get("content", [])), key=len, default="")
    media = [*entry.get("media_content", []), *entry.get("media_thumbnail", []), *entry.get("enclosures", [])]
    return {
        "external_id": entry.get("id"),
        "account": publisher,
        "title": entry.get("title"),
        "caption": full or summary,
        "description": summary if full and summary != full else None,
        "url": None if entry.get("guidislink") and not is_url(entry.get("link", "")) else entry.get("link"),
        "author": entry.get("author"),
        "language": language,
        "media_urls": [each.get("url") or each.get("href") for each in media if _is_image(each)],
        "posted_at": entry.get("published") or entry.get("updated"),
    }


def _is_image(media: Mapping[str, Any]) -> bool:
    kind = str(media.get("type") or media.get("medium") or "image")
    return kind.startswith("image")


def _json_feed(body: bytes) -> Iterator[Row]:
    try:
        feed = _JsonFeed.model_validate(json.loads(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise SourceError("It is not a feed: neither RSS, Atom nor JSON Feed.") from None
    if not feed.version.startswith(_JSON_FEED):
        raise SourceError(f"It is not a JSON Feed: its version is {feed.version[:60]!r}.")
    return (_json_item(position, item, feed) for position, item in enumerate(feed.items, start=1))


def _json_item(position: int, value: Any, feed: _JsonFeed) -> Row:
    try:
        item = _FeedItem.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the item"
        return BadRow(position, f"{where}: {first['msg']}", excerpt(json.dumps(value, ensure_ascii=False)))
    author = next((each.name for each in [*item.authors, item.author or _Author()] if each.name), None)
    text = item.content_html or item.content_text
    images = [item.image, item.banner_image, *(a.url for a in item.attachments if a.mime_type.startswith("image/"))]
    return Record(
        position,
        {
            "external_id": item.id,
            "account": feed.title,
            "title": item.title,
            "caption": text or item.summary,
            "description": item.summary if text else None,
            "url": item.url or item.external_url,
            "author": author,
            "language": item.language or feed.language,
            "media_urls": [image for image in images if image],
            "posted_at": item.date_published or item.date_modified,
        },
    )
