"""Sending a campaign, now or later. What was sent cannot be taken back."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.mailchimp.access import body, partial, stamp, utc
from pipeline.sandbox.mailchimp.campaigns import archive_url, one, status
from pipeline.sandbox.mailchimp.errors import bad_request, invalid
from pipeline.sandbox.mailchimp.variate import fault
from pipeline.sandbox.service import Call

_QUARTER_HOURS: Final = (0, 15, 30, 45)


class _Schedule(BaseModel):
    schedule_time: str


def checklist(call: Call) -> Response:
    items = _items(one(call))
    ready = all(item["type"] != "error" for item in items)
    return partial(call, {"is_ready": ready, "items": items, "_links": []})


def send(call: Call) -> Response:
    campaign = one(call)
    if status(campaign, call.now) != "save" or not _ready(campaign):
        raise bad_request("Your Campaign is not ready to send.")
    campaign["sent"] = stamp(call.now)
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    call.record("campaign_sent", campaign["id"], **_told(campaign), url=archive_url(call, campaign))
    return Response(status_code=204)


def schedule(call: Call) -> Response:
    campaign = one(call)
    at = _schedule_time(call)
    if status(campaign, call.now) != "save" or not _ready(campaign):
        raise bad_request("This campaign cannot be scheduled: it is not ready to send.")
    if campaign.get("variate") and campaign["variate"]["send_times"]:
        raise bad_request("Campaigns that test send times are sent by the send action.")
    campaign["scheduled"] = stamp(at)
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    due = {
        "id": campaign["id"],
        "at": campaign["scheduled"],
        "url": archive_url(call, campaign),
        "request": f"{call.request.method} {call.request.url.path}",
    }
    call.ledger.put("mailchimp", "due", campaign["id"], due)
    call.record("campaign_scheduled", campaign["id"], **_told(campaign))
    return Response(status_code=204)


def unschedule(call: Call) -> Response:
    campaign = one(call)
    if status(campaign, call.now) != "schedule":
        raise bad_request("This campaign is not scheduled.")
    campaign["scheduled"] = None
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    call.ledger.remove("mailchimp", "due", campaign["id"])
    call.record("campaign_unscheduled", campaign["id"], **_told(campaign))
    return Response(status_code=204)


def send_due(ledger: Ledger, now: datetime) -> None:
    """Send the scheduled campaigns whose time has come, as of that time."""
    for due in list(ledger.newest("mailchimp", "due")):
        campaign = ledger.get("mailchimp", "campaign", due["id"])
        if utc(due["at"]) > now or campaign is None:
            continue
        campaign |= {"sent": due["at"], "scheduled": None}
        ledger.put("mailchimp", "campaign", due["id"], campaign)
        ledger.remove("mailchimp", "due", due["id"])
        ledger.record(
            platform="mailchimp",
            kind="campaign_sent",
            external_id=due["id"],
            at=utc(due["at"]),
            request=due["request"],
            **_told(campaign),
            url=due["url"],
        )


def _schedule_time(call: Call) -> datetime:
    """Raises: Refusal: not a time, not on a quarter of an hour, or not ahead."""
    try:
        at = utc(body(call, _Schedule).schedule_time)
    except ValueError:
        raise invalid(schedule_time="Please enter a valid date.") from None
    if at.minute not in _QUARTER_HOURS or at.second or at.microsecond:
        raise bad_request("Schedule time must be on a quarter hour: :00, :15, :30 or :45.")
    if at <= call.now:
        raise bad_request("Schedule time must be in the future.")
    return at


def _ready(campaign: Document) -> bool:
    return all(item["type"] != "error" for item in _items(campaign))


def _items(campaign: Document) -> list[dict[str, Any]]:
    settings = campaign["settings"]
    contents = [campaign["html"] or campaign["plain_text"], *(each["html"] for each in campaign.get("contents", []))]
    arms = fault(campaign) if campaign.get("variate") else None
    checks = (
        ("Audience", bool(campaign["list_id"]), "No audience is chosen."),
        ("Subject line", bool(settings["subject_line"].strip()), "There is no subject line."),
        ("From name", bool(settings["from_name"].strip()), "There is no from name."),
        ("Replies", bool(settings["reply_to"]), "There is no reply-to address."),
        ("Content", all(content.strip() for content in contents), "The campaign has no content."),
        ("Unsubscribe link", all("*|UNSUB|*" in each for each in contents), "The content has no *|UNSUB|* link."),
        *([("Combinations", arms is None, arms or "")] if campaign.get("variate") else []),
    )
    return [
        {
            "type": "success" if passed else "error",
            "id": 500 + number,
            "heading": heading,
            "details": "Fine." if passed else problem,
        }
        for number, (heading, passed, problem) in enumerate(checks)
    ]


def _told(campaign: Document) -> dict[str, str | None]:
    return {
        "title": campaign["settings"]["subject_line"] or None,
        "text": campaign["html"] or campaign["plain_text"],
    }
