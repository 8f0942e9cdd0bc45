"""What the schema `app.bsky.feed.post` demands of a record. It is open: fields and embeds it does not know pass.

Source: github.com/bluesky-social/atproto, lexicons/app/bsky, August 2026.
"""

import re
from datetime import datetime
from typing import Any, Final, Literal

import regex  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.sandbox.bluesky import blobs
from pipeline.sandbox.bluesky.errors import invalid
from pipeline.sandbox.service import Call

_MAX_GRAPHEMES: Final = 300
_MAX_BYTES: Final = 3000
_MAX_TAG: Final = 64
_MAX_IMAGES: Final = 4
_MAX_IMAGE_BYTES: Final = 2_000_000
_URI: Final = re.compile(r"\w+:(?://)?[^\s/]\S*")
_TID: Final = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Slice(_Part):
    byteStart: int = Field(ge=0)  # noqa: N815 - the schema's name
    byteEnd: int = Field(ge=0)  # noqa: N815


class _Facet(_Part):
    index: _Slice
    features: list[dict[str, Any]]

    @field_validator("features")
    @classmethod
    def _checked(cls, features: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for feature in features:
            match feature.get("$type"):
                case "app.bsky.richtext.facet#link":
                    _checked_uri(feature.get("uri"))
                case "app.bsky.richtext.facet#tag":
                    tag = feature.get("tag")
                    if not isinstance(tag, str) or graphemes(tag) > _MAX_TAG:
                        raise ValueError(f"tag must be a string of at most {_MAX_TAG} graphemes")
        return features


class _External(_Part):
    uri: str
    title: str
    description: str

    @field_validator("uri")
    @classmethod
    def _checked(cls, uri: str) -> str:
        return _checked_uri(uri)


class _Image(_Part):
    image: dict[str, Any]
    alt: str


class _Embed(_Part):
    external: _External | None = None
    images: list[_Image] = Field(default=[], max_length=_MAX_IMAGES)


class _Ref(_Part):
    uri: str = Field(pattern=r"^at://")
    cid: str = Field(min_length=1)


class _Reply(_Part):
    root: _Ref
    parent: _Ref


class _Post(_Part):
    kind: Literal["app.bsky.feed.post"] = Field(alias="$type")
    text: str
    createdAt: str  # noqa: N815
    facets: list[_Facet] = []
    langs: list[str] = Field(default=[], max_length=3)
    embed: _Embed | None = None
    reply: _Reply | None = None

    @field_validator("text")
    @classmethod
    def _checked_text(cls, text: str) -> str:
        if len(text.encode()) > _MAX_BYTES:
            raise ValueError(f"must not be longer than {_MAX_BYTES} characters")
        if graphemes(text) > _MAX_GRAPHEMES:
            raise ValueError(f"must not be longer than {_MAX_GRAPHEMES} graphemes")
        return text

    @field_validator("createdAt")
    @classmethod
    def _checked_time(cls, text: str) -> str:
        if datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("must be a valid atproto datetime")
        return text

    @field_validator("langs")
    @classmethod
    def _checked_languages(cls, langs: list[str]) -> list[str]:
        if not all(_LANGUAGE.fullmatch(lang) for lang in langs):
            raise ValueError("must be a well-formed BCP 47 language tag")
        return langs


def checked_post(call: Call, record: Any) -> dict[str, Any]:
    """The record. Raises: Refusal: the schema does not let it pass, or it shows a picture that is not there."""
    if not isinstance(record, dict):
        raise invalid('Input must have the property "record"')
    try:
        post = _Post.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = "/".join(("Record", *map(str, first["loc"])))
        raise invalid(f"Invalid app.bsky.feed.post record: {where} {first['msg']}") from None
    for image in post.embed.images if post.embed else []:
        blobs.require_blob(call, image.image, _MAX_IMAGE_BYTES)
    return record


def require_key(rkey: str) -> None:
    """Raises: Refusal: the key is none that a post may have (atproto.com/specs/tid)."""
    if not _TID.fullmatch(rkey):
        raise invalid(f"Invalid record key for app.bsky.feed.post: {rkey} is not a TID")


def graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))


def _checked_uri(uri: Any) -> str:
    if not isinstance(uri, str) or not _URI.fullmatch(uri):
        raise ValueError("must be a uri")
    return uri
