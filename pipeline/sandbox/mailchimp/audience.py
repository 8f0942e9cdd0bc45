"""The account and its one audience, of nobody real."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.mailchimp.access import collection, partial
from pipeline.sandbox.mailchimp.errors import not_found
from pipeline.sandbox.service import Call

LIST_ID: Final = "5a0db0c501"
SEGMENT_ID: Final = 50101
LIST_NAME: Final = "Sandbox readers (nobody real)"
MEMBERS: Final = 1200
_SEGMENT: Final[Mapping[str, Any]] = {
    "id": SEGMENT_ID,
    "name": "Engaged readers",
    "member_count": 400,
    "type": "saved",
    "list_id": LIST_ID,
}


def ping(call: Call) -> Response:  # noqa: ARG001
    return JSONResponse({"health_status": "Everything's Chimpy!"})


def account(call: Call) -> Response:
    body = {
        "account_id": "sandbox",
        "login_id": "sandbox",
        "account_name": "Pressroom sandbox (not a real account)",
        "email": "sandbox@example.invalid",
        "role": "owner",
        "total_subscribers": MEMBERS,
    }
    return partial(call, body)


def read(call: Call) -> Response:
    _require_list(call)
    body = {
        "id": LIST_ID,
        "name": LIST_NAME,
        "permission_reminder": "You are a rehearsal.",
        "campaign_defaults": {
            "from_name": "Sandbox Press",
            "from_email": "sandbox@example.invalid",
            "subject": "",
            "language": "en",
        },
        "stats": {"member_count": MEMBERS, "unsubscribe_count": 0, "cleaned_count": 0},
    }
    return partial(call, body)


def activity(call: Call) -> Response:
    """The last 30 days, today first: a few come and go each day, of which the members' number knows nothing."""
    _require_list(call)
    days = [(call.now - timedelta(days=number)).date() for number in range(30)]
    return collection(call, "activity", [_activity(day) for day in days])


def segments(call: Call) -> Response:
    _require_list(call)
    return collection(call, "segments", [_SEGMENT])


def segment(call: Call) -> Response:
    _require_list(call)
    if call.request.path_params["segment_id"] != SEGMENT_ID:
        raise not_found()
    return partial(call, _SEGMENT)


def recipients(segment_id: int | None) -> dict[str, Any]:
    """Whom a campaign reaches: the audience, or its segment."""
    return {
        "list_id": LIST_ID,
        "list_is_active": True,
        "list_name": LIST_NAME,
        "segment_text": "" if segment_id is None else f"<p>{_SEGMENT['name']}</p>",
        "recipient_count": MEMBERS if segment_id is None else _SEGMENT["member_count"],
        **({} if segment_id is None else {"segment_opts": {"saved_segment_id": segment_id, "match": "any"}}),
    }


def _activity(day: date) -> dict[str, Any]:
    drawn = hashlib.sha256(f"mailchimp/activity/{day}".encode()).digest()
    return {
        "day": day.isoformat(),
        **dict.fromkeys(("emails_sent", "unique_opens", "recipient_clicks", "hard_bounce", "soft_bounce"), 0),
        "subs": drawn[0] % 8,
        "unsubs": drawn[1] % 3,
        "other_adds": drawn[2] % 2,
        "other_removes": 0,
    }


def _require_list(call: Call) -> None:
    if call.request.path_params["id"] != LIST_ID:
        raise not_found()
