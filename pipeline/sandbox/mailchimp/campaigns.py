"""Campaigns from creation to deletion, sending excepted."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mailchimp.access import body, collection, moment, partial, stamp, utc
from pipeline.sandbox.mailchimp.audience import LIST_ID, SEGMENT_ID, recipients
from pipeline.sandbox.mailchimp.errors import bad_request, invalid, not_found
from pipeline.sandbox.mailchimp.variate import VariateSettings
from pipeline.sandbox.mailchimp.variate import shown as arms_shown
from pipeline.sandbox.service import Call

_SENDING: Final = timedelta(seconds=2)
"""How long a campaign is `sending` here before it is `sent`."""


class _SegmentOptions(BaseModel):
    """Saved segments only: conditions made up in a request are beyond the sandbox, which refuses them."""

    saved_segment_id: int


class _Recipients(BaseModel):
    list_id: str
    segment_opts: _SegmentOptions | None = None


class _Settings(BaseModel):
    subject_line: str = Field(default="", max_length=150)
    preview_text: str = Field(default="", max_length=150)
    title: str = ""
    from_name: str = Field(default="", max_length=100)
    reply_to: str = Field(default="", pattern=r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$")
    to_name: str = ""


class _Campaign(BaseModel):
    """Fields without an effect here are taken and let go, as Mailchimp lets go what it doesn't know."""

    type: Literal["regular", "plaintext", "absplit", "rss", "variate"]
    recipients: _Recipients | None = None
    settings: _Settings = Field(default_factory=_Settings)
    variate_settings: VariateSettings | None = None


class _Change(BaseModel):
    recipients: _Recipients | None = None
    settings: _Settings | None = None
    variate_settings: VariateSettings | None = None


def create(call: Call) -> Response:
    asked = body(call, _Campaign)
    number = call.ledger.next_id("mailchimp campaigns")
    campaign: Document = {
        "id": hashlib.sha256(f"campaign {number}".encode()).hexdigest()[:10],
        "web_id": number,
        "type": asked.type,
        "created": stamp(call.now),
        "segment_id": None,
        "list_id": None,
        "settings": asked.settings.model_dump(),
        "html": "",
        "plain_text": "",
        "variate": None,
        "contents": [],
        "scheduled": None,
        "sent": None,
    }
    if asked.recipients:
        campaign |= _addressed(asked.recipients)
    if (asked.type == "variate") != (asked.variate_settings is not None):
        raise invalid(variate_settings="Campaigns of the type variate have these settings, and no others.")
    if asked.variate_settings:
        campaign["variate"] = asked.variate_settings.kept()
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    call.record("campaign_created", campaign["id"], title=campaign["settings"]["subject_line"] or None)
    return partial(call, shown(call, campaign))


def update(call: Call) -> Response:
    campaign = editable(call)
    asked = body(call, _Change)
    if asked.recipients:
        campaign |= _addressed(asked.recipients)
    if asked.settings:
        campaign["settings"] |= asked.settings.model_dump(exclude_unset=True)
    if asked.variate_settings:
        if campaign["type"] != "variate":
            raise invalid(variate_settings="The campaign is not of the type variate.")
        campaign["variate"] = asked.variate_settings.kept()
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    call.record("campaign_updated", campaign["id"], title=campaign["settings"]["subject_line"] or None)
    return partial(call, shown(call, campaign))


def read(call: Call) -> Response:
    return partial(call, shown(call, one(call)))


def delete(call: Call) -> Response:
    """A sent campaign can be deleted too: its page and report go, what was mailed stays mailed."""
    campaign = one(call)
    if status(campaign, call.now) == "sending":
        raise bad_request("You can't delete a campaign while it is sending.")
    call.ledger.remove("mailchimp", "campaign", campaign["id"])
    call.ledger.remove("mailchimp", "due", campaign["id"])
    call.record("campaign_deleted", campaign["id"], title=campaign["settings"]["subject_line"] or None)
    return Response(status_code=204)


def search(call: Call) -> Response:
    """Newest first. `since_create_time` means after that time, which is told to the second."""
    query = call.request.query_params
    since, before = moment(call, "since_create_time"), moment(call, "before_create_time")
    since_sent, before_sent = moment(call, "since_send_time"), moment(call, "before_send_time")
    found = [
        campaign
        for campaign in call.ledger.newest("mailchimp", "campaign")
        if _within(campaign["created"], since, before)
        and ((since_sent is None and before_sent is None) or _within(campaign["sent"], since_sent, before_sent))
        and query.get("list_id") in (None, campaign["list_id"])
        and query.get("status") in (None, status(campaign, call.now))
        and query.get("type") in (None, campaign["type"])
    ]
    return collection(call, "campaigns", [shown(call, campaign) for campaign in found])


def one(call: Call) -> Document:
    """The campaign of the path. Raises: Refusal: there is none."""
    campaign = call.ledger.get("mailchimp", "campaign", call.request.path_params["id"])
    if campaign is None:
        raise not_found()
    return campaign


def editable(call: Call) -> Document:
    """The campaign of the path, not scheduled nor sent. Raises: Refusal."""
    campaign = one(call)
    if status(campaign, call.now) != "save":
        raise bad_request("Campaigns can only be edited while they are drafts.")
    return campaign


def status(campaign: Document, now: datetime) -> str:
    if campaign["sent"]:
        return "sent" if now - utc(campaign["sent"]) >= _SENDING else "sending"
    return "schedule" if campaign["scheduled"] else "save"


def archive_url(call: Call, campaign: Document) -> str:
    return call.link(f"/mailchimp/archive/{campaign['id']}")


def shown(call: Call, campaign: Document) -> dict[str, Any]:
    state = status(campaign, call.now)
    to = recipients(campaign["segment_id"]) if campaign["list_id"] else {"list_id": "", "recipient_count": 0}
    kinds = {"html": "html", "plaintext": "plain_text"}
    return {
        "id": campaign["id"],
        "web_id": campaign["web_id"],
        "type": campaign["type"],
        "create_time": campaign["created"],
        "archive_url": archive_url(call, campaign),
        "long_archive_url": archive_url(call, campaign),
        "status": state,
        "emails_sent": to["recipient_count"] if state in ("sending", "sent") else 0,
        "send_time": campaign["sent"] or campaign["scheduled"] or "",
        "content_type": kinds.get(campaign["type"], "html"),
        "resendable": False,
        "recipients": to,
        "settings": campaign["settings"],
        "tracking": {"opens": True, "html_clicks": True, "text_clicks": False},
        "delivery_status": {"enabled": False},
        **({"variate_settings": arms_shown(call, campaign)} if campaign.get("variate") else {}),
        "_links": [],
    }


def _addressed(asked: _Recipients) -> Document:
    """Raises: Refusal: no such audience, or no such segment of it."""
    segment_id = asked.segment_opts.saved_segment_id if asked.segment_opts else None
    if asked.list_id != LIST_ID:
        raise invalid(recipients__list_id="The audience does not exist.")
    if segment_id not in (None, SEGMENT_ID):
        raise invalid(recipients__segment_opts__saved_segment_id="The segment does not exist.")
    return {"list_id": asked.list_id, "segment_id": segment_id}


def _within(text: str | None, since: datetime | None, before: datetime | None) -> bool:
    if text is None:
        return False
    at = utc(text)
    return (since is None or at > since) and (before is None or at < before)
