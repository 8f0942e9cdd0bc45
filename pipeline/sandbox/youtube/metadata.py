"""What a video's owner says of it: the request's schema, and the limits of its texts."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.youtube.errors import refusal

_TITLE: Final = 100
_DESCRIPTION: Final = 5000
_TAGS: Final = 500
_CATEGORIES: Final = ("1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Snippet(_Part):
    """What the owner sets, then what is read back and may be sent again without effect."""

    title: str = ""
    description: str = ""
    tags: list[str] | None = None
    category_id: str | None = None
    default_language: str | None = None
    default_audio_language: str | None = None
    published_at: Any = Field(default=None, exclude=True)
    channel_id: Any = Field(default=None, exclude=True)
    channel_title: Any = Field(default=None, exclude=True)
    thumbnails: Any = Field(default=None, exclude=True)
    live_broadcast_content: Any = Field(default=None, exclude=True)
    localized: Any = Field(default=None, exclude=True)


class Status(_Part):
    """Likewise."""

    privacy_status: Literal["public", "unlisted", "private"] = "public"
    publish_at: AwareDatetime | None = None
    embeddable: bool = True
    license: Literal["youtube", "creativeCommon"] = "youtube"
    public_stats_viewable: bool = True
    self_declared_made_for_kids: bool | None = None
    contains_synthetic_media: bool | None = None
    upload_status: Any = Field(default=None, exclude=True)
    failure_reason: Any = Field(default=None, exclude=True)
    rejection_reason: Any = Field(default=None, exclude=True)
    made_for_kids: Any = Field(default=None, exclude=True)


class Video(_Part):
    id: str | None = None
    kind: str | None = None
    etag: str | None = None
    snippet: Snippet | None = None
    status: Status | None = None


def snippet_of(asked: Snippet) -> Document:
    """What is kept of a snippet: all that it may set, so that what is missing is lost. Raises: Refusal."""
    if not asked.title.strip() or len(asked.title) > _TITLE or _has_angle(asked.title):
        raise refusal(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if len(asked.description.encode()) > _DESCRIPTION or _has_angle(asked.description):
        raise refusal(400, "invalidDescription", "The request metadata specifies an invalid video description.")
    if _tags_length(asked.tags or []) > _TAGS or any(map(_has_angle, asked.tags or [])):
        raise refusal(400, "invalidTags", "The request metadata specifies invalid video keywords.")
    if asked.category_id not in (None, *_CATEGORIES):
        raise refusal(400, "invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.")
    return asked.model_dump(mode="json", by_alias=True, exclude_none=True)


def status_of(asked: Status, now: datetime, *, new: bool) -> Document:
    """What is kept of a status; without a word on privacy the world sees the video. Raises: Refusal.

    A time that has passed publishes a video that is here already, and is refused for a new one.
    """
    if asked.publish_at and (asked.privacy_status != "private" or (new and asked.publish_at <= now)):
        message = "The request metadata specifies an invalid scheduled publishing time."
        raise refusal(400, "invalidPublishAt", message)
    if asked.publish_at and asked.publish_at <= now:
        asked = asked.model_copy(update={"publish_at": None, "privacy_status": "public"})
    return asked.model_dump(mode="json", by_alias=True, exclude_none=True)


def _tags_length(tags: list[str]) -> int:
    """With the commas between them, and quotation marks around those that hold a blank."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def _has_angle(text: str) -> bool:
    return "<" in text or ">" in text
