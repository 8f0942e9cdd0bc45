"""Posting, editing and deleting."""

from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mastodon import instance, media, scheduled, text
from pipeline.sandbox.mastodon.access import body
from pipeline.sandbox.mastodon.accounts import HANDLE
from pipeline.sandbox.mastodon.errors import invalid, not_found, refusal
from pipeline.sandbox.mastodon.publishing import publish
from pipeline.sandbox.mastodon.reading import shown
from pipeline.sandbox.service import Call

_KEYS_LAST: Final = timedelta(hours=1)


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")

    status: str = ""
    media_ids: list[str] = []
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: Literal["public", "unlisted", "private", "direct"] = "public"
    language: str = "en"
    scheduled_at: str | None = None
    in_reply_to_id: str | None = None


def create(call: Call) -> Response:
    """A key that was seen within the hour brings the status it made, if that is still there."""
    asked = body(call, _Status)
    at = scheduled.time_of(call, asked.scheduled_at)
    key = call.request.headers.get("idempotency-key", "")
    earlier = call.ledger.get("mastodon", "key", key) if key else None
    if earlier is not None and datetime.fromisoformat(earlier["until"]) > call.now:
        kept = call.ledger.get("mastodon", "status", earlier["status"])
        if kept is None:
            raise not_found()
        return JSONResponse(shown(call, kept))
    files = _checked(call, asked)
    said = asked.model_dump(exclude={"scheduled_at"}) | {"base": call.link("/mastodon")}
    if at is not None:  # which the server keeps no key of: github.com/mastodon/mastodon #30039
        return scheduled.put(call, said, files, at)
    status = publish(call.ledger, said, call.now, f"{call.request.method} {call.request.url.path}")
    media.attach(call.ledger, files, status["id"])
    if key:
        until = (call.now + _KEYS_LAST).isoformat()
        call.ledger.put("mastodon", "key", key, {"status": status["id"], "until": until})
    return JSONResponse(shown(call, status))


def edit(call: Call) -> Response:
    """Files that the request does not name are taken away."""
    kept = found(call)
    asked = body(call, _Status)
    files = _checked(call, asked, kept["id"])
    changed = {**kept, **asked.model_dump(include={"status", "media_ids", "spoiler_text", "sensitive", "language"})}
    if changed != kept:
        changed["edited_at"] = call.now.isoformat(timespec="milliseconds")
    call.ledger.put("mastodon", "status", kept["id"], changed)
    media.attach(call.ledger, files, kept["id"])
    call.record("status_edited", kept["id"], text=asked.status, url=f"{kept['base']}/@{HANDLE}/{kept['id']}")
    return JSONResponse(shown(call, changed))


def delete(call: Call) -> Response:
    kept = found(call)
    call.ledger.remove("mastodon", "status", kept["id"])
    call.record("status_deleted", kept["id"], text=kept["status"])
    return JSONResponse(shown(call, kept) | {"text": kept["status"]})


def found(call: Call) -> Document:
    """Raises: Refusal: there is none."""
    kept = call.ledger.get("mastodon", "status", call.request.path_params["id"])
    if kept is None:
        raise not_found()
    return kept


def _checked(call: Call, asked: _Status, status: str | None = None) -> list[Document]:
    """Its files. Raises: Refusal: Mastodon would not take it."""
    files = media.checked(call, asked.media_ids, status)
    if asked.in_reply_to_id and call.ledger.get("mastodon", "status", asked.in_reply_to_id) is None:
        raise refusal(404, "The post you are trying to reply to does not appear to exist.")
    if not asked.status.strip() and not files:
        raise invalid("Text can't be blank")
    if text.length(asked.spoiler_text + asked.status) > instance.MAX_CHARACTERS:
        raise invalid(f"Text character limit of {instance.MAX_CHARACTERS} exceeded")
    return files
