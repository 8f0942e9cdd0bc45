"""From a source's record to an item: which column holds which field, and what a field's value may be."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

from pipeline import clock
from pipeline.editorial import source_values
from pipeline.editorial.source_values import ItemError

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": ("external_id", "id", "guid", "post_id"),
    "account": ("account", "page", "username"),
    "title": ("title", "headline"),
    "caption": ("caption", "text", "message", "content", "body"),
    "description": ("description", "summary"),
    "url": ("url", "link", "permalink"),
    "author": ("author",),
    "language": ("language", "lang"),
    "media_urls": ("media_urls", "image_urls", "image_url", "image"),
    "posted_at": ("posted_at", "published_at", "created_at", "created_time", "date", "timestamp"),
    "reach": ("reach",),
    "engagements": ("engagements",),
    "likes": ("likes", "like_count", "reactions"),
    "comments": ("comments", "comment_count", "replies"),
    "shares": ("shares", "share_count", "reposts"),
}
"""Each field, and the columns that hold it where the mapping doesn't say: the first that the record has."""


@dataclass(frozen=True)
class Item:
    """One item as it is stored. A figure that the source doesn't tell is None.

    `caption` is the item's text and never empty: where the source has none, the description or the title takes its
    place, and a description that moved up is not kept twice. `engagements` is the source's own total, else the sum of
    the likes, comments and shares that are known.
    """

    external_id: str
    account: str | None
    title: str | None
    caption: str
    description: str | None
    url: str | None
    author: str | None
    language: str | None
    media_urls: Sequence[str]
    posted_at: datetime | None
    reach: int | None
    engagements: int | None
    likes: int | None
    comments: int | None
    shares: int | None

    @property
    def engagement_rate(self) -> float | None:
        """A fraction of 1: engagements / reach; None where either is unknown, nobody was reached, or `is_doubtful`."""
        if self.engagements is None or not self.reach or self.is_doubtful:
            return None
        return round(self.engagements / self.reach, 6)

    @property
    def is_doubtful(self) -> bool:
        """More engagements than people reached: the two count different things, and their quotient means nothing."""
        return self.engagements is not None and self.reach is not None and self.engagements > self.reach

    @cached_property
    def content_hash(self) -> str:
        """Of every field: the same hash means that the source says the same."""
        return source_values.digest(json.dumps([getattr(self, field.name) for field in fields(self)], default=str))


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds which field. `timezone` is the IANA zone of times that carry none."""

    columns: Mapping[str, str]
    timezone: str | None = None

    @classmethod
    def parse(cls, mapping: Mapping[str, str]) -> "ColumnMapping":
        """From field → column, with `timezone` → a zone among them.

        Raises:
            ItemError: there is no such field, or no such zone.
        """
        columns = {field: column for field, column in mapping.items() if field != "timezone"}
        if unknown := sorted(columns.keys() - ALIASES.keys()):
            raise ItemError(f"There is no field {unknown[0]!r} to map to; there are: {', '.join(ALIASES)}, timezone.")
        timezone = mapping.get("timezone")
        if timezone is not None:
            try:
                clock.zone(timezone)
            except clock.TimeError as error:
                raise ItemError(str(error)) from None
        return cls(columns, timezone)

    def pick(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record's value for each of our fields; None where it has none."""
        return {field: self._value(field, record) for field in ALIASES}

    def _value(self, field: str, record: Mapping[str, Any]) -> Any:
        if field in self.columns:
            return record.get(self.columns[field])
        return next((record[name] for name in ALIASES[field] if record.get(name) is not None), None)


def external_id_of(record: Mapping[str, Any], mapping: ColumnMapping) -> str:
    """The source's own id, else a hash of the address, else of the text. Raises: ItemError."""
    return _external_id(mapping.pick(record))


def item_of(record: Mapping[str, Any], mapping: ColumnMapping) -> Item:
    """Raises: ItemError: it has no text, or a value is not what its field holds."""
    values = mapping.pick(record)
    texts = _texts(values)
    likes, comments, shares = (source_values.figure(field, values[field]) for field in ("likes", "comments", "shares"))
    known = [count for count in (likes, comments, shares) if count is not None]
    engagements = source_values.figure("engagements", values["engagements"])
    return Item(
        external_id=_external_id(values),
        account=source_values.line("account", values["account"]),
        title=texts.title,
        caption=texts.caption,
        description=texts.description,
        url=source_values.url(values["url"]),
        author=source_values.line("author", values["author"]),
        language=source_values.language(values["language"]),
        media_urls=source_values.urls(values["media_urls"]),
        posted_at=source_values.instant(values["posted_at"], mapping.timezone),
        reach=source_values.figure("reach", values["reach"]),
        engagements=sum(known) if engagements is None and known else engagements,
        likes=likes,
        comments=comments,
        shares=shares,
    )


def _external_id(values: Mapping[str, Any]) -> str:
    return source_values.identifier(values["external_id"]) or source_values.digest(
        source_values.url(values["url"]) or _texts(values).caption
    )


class _Texts(NamedTuple):
    title: str | None
    caption: str
    description: str | None


def _texts(values: Mapping[str, Any]) -> _Texts:
    title, caption, description = (
        source_values.text(field, values[field]) for field in ("title", "caption", "description")
    )
    if caption is not None:
        return _Texts(title, caption, description)
    instead = description or title
    if instead is None:
        raise ItemError("it has no text: no caption, description or title")
    return _Texts(title, instead, None)
