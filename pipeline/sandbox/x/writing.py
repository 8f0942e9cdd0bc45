"""Creating and deleting posts."""

import unicodedata
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x import media
from pipeline.sandbox.x.access import body
from pipeline.sandbox.x.errors import forbidden, invalid_request
from pipeline.sandbox.x.text import cashtags, fits, with_media, wrapped
from pipeline.sandbox.x.users import HANDLE

_EPOCH_MS: Final = 1288834974657


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Media(_Part):
    media_ids: list[str] = Field(min_length=1, max_length=4)
    tagged_user_ids: list[str] = Field(default_factory=list, max_length=10)


class _Poll(_Part):
    options: list[str] = Field(min_length=2, max_length=4)
    duration_minutes: int = Field(ge=5, le=10080)
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None


class _Reply(_Part):
    in_reply_to_tweet_id: str = Field(pattern=r"^\d{1,19}$")
    exclude_reply_user_ids: list[str] = Field(default_factory=list)
    auto_populate_reply_metadata: bool = False


class _EditOptions(_Part):
    previous_post_id: str = Field(pattern=r"^\d{1,19}$")


class _Geo(_Part):
    place_id: str


class _Tweet(_Part):
    """The request's schema, which takes no property that isn't here."""

    text: str | None = None
    media: _Media | None = None
    poll: _Poll | None = None
    reply: _Reply | None = None
    quote_tweet_id: str | None = None
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    edit_options: _EditOptions | None = None
    geo: _Geo | None = None
    card_uri: str | None = None
    community_id: str | None = None
    direct_message_deep_link: str | None = None
    for_super_followers_only: bool = False
    made_with_ai: bool = False
    nullcast: bool = False
    paid_partnership: bool = False
    share_with_followers: bool = False


def create(call: Call) -> Response:
    asked = body(call, _Tweet)
    text = unicodedata.normalize("NFC", asked.text or "").strip()
    _check(call, asked, text)
    reply_to = asked.reply.in_reply_to_tweet_id if asked.reply else None
    replied_to = call.ledger.get("x", "tweet", reply_to) if reply_to else None
    duplicate_key = f"{reply_to or ''}\n{text}"
    if text and call.ledger.find("x", "tweet", duplicate_key):
        raise forbidden("You are not allowed to create a Tweet with duplicate content.")
    id_ = str(call.ledger.next_id("x ids", at_least=_snowflake(call.now)))
    media_ids = asked.media.media_ids if asked.media else []
    shown, urls = with_media(*wrapped(text), f"https://x.com/{HANDLE}/status/{id_}", media.kinds(call, media_ids))
    tweet: Document = {
        "id": id_,
        "said": text,
        "created_at": call.now.isoformat(timespec="milliseconds"),
        "in_reply_to": reply_to,
        "conversation": replied_to["conversation"] if replied_to else id_,
        "media_ids": media_ids,
        "text": shown,
        "urls": urls,
    }
    call.ledger.put("x", "tweet", tweet["id"], tweet, lookup=duplicate_key)
    kind = "reply_created" if reply_to else "tweet_created"
    call.record(kind, tweet["id"], text=text, url=call.link(f"/x/{HANDLE}/status/{tweet['id']}"))
    return JSONResponse({"data": {"id": tweet["id"], "text": shown, "edit_history_post_ids": [tweet["id"]]}}, 201)


def delete(call: Call) -> Response:
    """Deleting what is gone, or never was, is answered like a deletion."""
    id_ = call.request.path_params["id"]
    if not id_.isdecimal():
        raise invalid_request(f"The `id` query parameter value [{id_}] is not valid", {"id": [id_]})
    tweet = call.ledger.get("x", "tweet", id_)
    if tweet is not None:
        call.ledger.remove("x", "tweet", id_)
        call.record("tweet_deleted", id_, text=tweet["said"])
    return JSONResponse({"data": {"deleted": True}})


def _check(call: Call, asked: _Tweet, text: str) -> None:
    """Raises: Refusal: X would not take it."""
    if not (text or asked.media or asked.poll or asked.card_uri):
        raise invalid_request("One of [text, media, poll, card_uri] must be provided.")
    if sum(part is not None for part in (asked.media, asked.poll, asked.quote_tweet_id, asked.card_uri)) > 1:
        raise invalid_request("Only one of [media, poll, quote_tweet_id, card_uri] may be provided.")
    if text and not fits(text):
        raise invalid_request(
            "Your Tweet text is too long. For more information on how Twitter determines text length see"
            " https://github.com/twitter/twitter-text."
        )
    if asked.media:
        media.require_ready(call, asked.media.media_ids)
    if asked.reply and call.ledger.get("x", "tweet", asked.reply.in_reply_to_tweet_id) is None:
        raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
    if asked.quote_tweet_id or asked.edit_options or cashtags(text) > 1:
        # Quotes and a second cashtag are closed to self-serve access, editing to accounts without Premium.
        raise forbidden("You are not permitted to perform this action.")


def _snowflake(now: datetime) -> int:
    return (int(now.timestamp() * 1000) - _EPOCH_MS) << 22
