"""Statuses as the API shows them: one, several, and the account's own."""

from datetime import datetime
from itertools import islice
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mastodon import accounts, media, text
from pipeline.sandbox.mastodon.access import number
from pipeline.sandbox.mastodon.errors import invalid, not_found
from pipeline.sandbox.service import Call

_MOST_IDS: Final = 20
_PAGE: Final = 20
_LARGEST_PAGE: Final = 40


def one(call: Call) -> Response:
    kept = call.ledger.get("mastodon", "status", call.request.path_params["id"])
    if kept is None:
        raise not_found()
    return JSONResponse(shown(call, kept))


def several(call: Call) -> Response:
    """Those of them that there are."""
    ids = list(dict.fromkeys(call.request.query_params.getlist("id[]")))
    if len(ids) > _MOST_IDS:
        raise invalid("too many ids")
    kept = (call.ledger.get("mastodon", "status", id_) for id_ in ids)
    return JSONResponse([shown(call, status) for status in kept if status is not None])


def timeline(call: Call) -> Response:
    """The account's, newest first, before `max_id`."""
    if call.request.path_params["id"] != accounts.ACCOUNT_ID:
        raise not_found()
    query = call.request.query_params
    before = number(query.get("max_id"), 1 << 63, 1 << 63)
    older = (status for status in call.ledger.newest("mastodon", "status") if int(status["id"]) < before)
    page = islice(older, number(query.get("limit"), _PAGE, _LARGEST_PAGE))
    return JSONResponse([shown(call, status) for status in page])


def context(call: Call) -> Response:
    """What answers a status, and what answers that, the oldest first."""
    root = call.request.path_params["id"]
    if call.ledger.get("mastodon", "status", root) is None:
        raise not_found()
    below, descendants = {root}, []
    for status in sorted(call.ledger.newest("mastodon", "status"), key=lambda each: int(each["id"])):
        if status.get("in_reply_to_id") in below:
            below.add(status["id"])
            descendants.append(shown(call, status))
    return JSONResponse({"ancestors": [], "descendants": descendants})


def shown(call: Call, status: Document) -> dict[str, Any]:
    growth = Growth(f"mastodon/{status['id']}", call.age(datetime.fromisoformat(status["created_at"])))
    readers = growth.final("readers", 80, 5_000)
    address = f"{status['base']}/@{accounts.HANDLE}/{status['id']}"
    return {
        "id": status["id"],
        "created_at": _moment(status["created_at"]),
        "edited_at": status["edited_at"] and _moment(status["edited_at"]),
        "in_reply_to_id": status.get("in_reply_to_id"),
        "sensitive": status["sensitive"],
        "spoiler_text": status["spoiler_text"],
        "visibility": status["visibility"],
        "language": status["language"],
        "uri": address,
        "url": address,
        "replies_count": growth.share("replies", readers, 0.001, 0.01),
        "reblogs_count": growth.share("boosts", readers, 0.003, 0.03),
        "favourites_count": growth.share("favourites", readers, 0.005, 0.06),
        "quotes_count": growth.share("quotes", readers, 0.0001, 0.001),
        "content": text.rendered(status["status"]),
        "reblog": None,
        "account": accounts.shown(call),
        "media_attachments": [media.shown(call, item) for item in media.kept(call.ledger, status["media_ids"])],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def _moment(text: str) -> str:
    return f"{text[:23]}Z"
