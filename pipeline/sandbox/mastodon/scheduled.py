"""Statuses that the server will publish by itself. What becomes of one has an id of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.mastodon import media
from pipeline.sandbox.mastodon.access import number
from pipeline.sandbox.mastodon.errors import invalid, not_found
from pipeline.sandbox.mastodon.publishing import publish
from pipeline.sandbox.service import Call

_AT_LEAST_AHEAD: Final = timedelta(minutes=5)
_MOST: Final = 300
_MOST_A_DAY: Final = 25
_LARGEST_PAGE: Final = 40


def time_of(call: Call, text: str | None) -> datetime | None:
    """When a status is to go out; None is at once, which holds for what is past as well. Raises: Refusal."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise invalid("Scheduled at is not a valid datetime")
    if at <= call.now:
        return None
    if at <= call.now + _AT_LEAST_AHEAD:
        raise invalid("Scheduled at The scheduled date must be in the future")
    return at.astimezone(UTC)


def put(call: Call, said: Document, files: list[Document], at: datetime) -> Response:
    waiting = list(call.ledger.newest("mastodon", "scheduled"))
    if len(waiting) >= _MOST:
        raise invalid(f"You have exceeded the limit of {_MOST} scheduled posts")
    if sum(each["at"][:10] == at.isoformat()[:10] for each in waiting) >= _MOST_A_DAY:
        raise invalid(f"You have exceeded the limit of {_MOST_A_DAY} scheduled posts for today")
    id_ = str(call.ledger.next_id("mastodon scheduled", at_least=3000))
    request = f"{call.request.method} {call.request.url.path}"
    item: Document = {"id": id_, "at": at.isoformat(), "said": said, "request": request}
    call.ledger.put("mastodon", "scheduled", id_, item)
    media.attach(call.ledger, files, f"scheduled {id_}")
    call.record("status_scheduled", id_, text=said["status"])
    return JSONResponse(_shown(call, item))


def publish_due(ledger: Ledger, now: datetime) -> None:
    due = [item for item in ledger.newest("mastodon", "scheduled") if datetime.fromisoformat(item["at"]) <= now]
    for item in reversed(due):
        ledger.remove("mastodon", "scheduled", item["id"])
        status = publish(ledger, item["said"], now, item["request"])
        media.attach(ledger, media.kept(ledger, item["said"]["media_ids"]), status["id"])


def listed(call: Call) -> Response:
    """The newest first, before `max_id`."""
    query = call.request.query_params
    before = number(query.get("max_id"), 1 << 63, 1 << 63)
    waiting = [item for item in call.ledger.newest("mastodon", "scheduled") if int(item["id"]) < before]
    return JSONResponse([_shown(call, item) for item in waiting[: number(query.get("limit"), 20, _LARGEST_PAGE)]])


def read(call: Call) -> Response:
    return JSONResponse(_shown(call, _found(call)))


def cancel(call: Call) -> Response:
    item = _found(call)
    call.ledger.remove("mastodon", "scheduled", item["id"])
    call.record("schedule_cancelled", item["id"], text=item["said"]["status"])
    return JSONResponse({})


def _found(call: Call) -> Document:
    """Raises: Refusal: it went out, was taken back, or never was."""
    item = call.ledger.get("mastodon", "scheduled", call.request.path_params["id"])
    if item is None:
        raise not_found()
    return item


def _shown(call: Call, item: Document) -> dict[str, Any]:
    said = item["said"]
    return {
        "id": item["id"],
        "scheduled_at": f"{item['at'][:19]}.000Z",
        "params": {
            "text": said["status"],
            "media_ids": said["media_ids"] or None,
            "spoiler_text": said["spoiler_text"] or None,
            "visibility": said["visibility"],
            "scheduled_at": None,
            "idempotency": None,
        },
        "media_attachments": [media.shown(call, each) for each in media.kept(call.ledger, said["media_ids"])],
    }
