"""Reports of sent campaigns: figures that grow with age."""

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mailchimp import variate
from pipeline.sandbox.mailchimp.access import collection, moment, partial, utc
from pipeline.sandbox.mailchimp.audience import LIST_NAME, recipients
from pipeline.sandbox.mailchimp.campaigns import one
from pipeline.sandbox.mailchimp.errors import not_found
from pipeline.sandbox.service import Call


def search(call: Call) -> Response:
    since, before = moment(call, "since_send_time"), moment(call, "before_send_time")
    found = [
        campaign
        for campaign in call.ledger.newest("mailchimp", "campaign")
        if campaign["sent"] and _within(utc(campaign["sent"]), since, before)
    ]
    return collection(call, "reports", [_shown(call, campaign) for campaign in found])


def read(call: Call) -> Response:
    campaign = one(call)
    if not campaign["sent"]:
        raise not_found()
    return partial(call, _shown(call, campaign))


def sub_reports(call: Call) -> Response:
    """Of a campaign in arms, each arm's report, and that of what the rest was sent."""
    campaign = one(call)
    if not campaign["sent"]:
        raise not_found()
    children = _children(call, campaign)
    return partial(call, {"reports": children, "campaign_id": campaign["id"], "total_items": len(children)})


def _shown(call: Call, campaign: Document) -> dict[str, Any]:
    if campaign.get("variate"):
        return _summed(campaign, _children(call, campaign))
    sent: int = recipients(campaign["segment_id"])["recipient_count"]
    return _report(campaign, campaign["id"], sent, call.age(utc(campaign["sent"])))


def _children(call: Call, campaign: Document) -> list[dict[str, Any]]:
    if not campaign.get("variate"):
        return []
    age, settings = call.age(utc(campaign["sent"])), campaign["variate"]
    found = []
    for each in variate.combinations(campaign):
        subjects = settings["subject_lines"] or [campaign["settings"]["subject_line"]]
        told = {"subject_line": subjects[each["subject_line"]]}
        found.append(_report(campaign, each["id"], each["recipients"], age) | told)
    if variate.winner(call, campaign):
        later = age - timedelta(minutes=settings["wait_time"])
        found.append(_report(campaign, variate.winning_campaign(campaign), variate.rest(campaign), later))
    return found


def _summed(campaign: Document, children: list[dict[str, Any]]) -> dict[str, Any]:
    """The parent's report: everybody who got any of the emails."""
    whole = _report(campaign, campaign["id"], 0, timedelta())
    for name, value in whole.items():
        if isinstance(value, dict):
            whole[name] = {part: sum(child[name][part] for child in children) for part in value}
        elif isinstance(value, int) and not isinstance(value, bool):
            whole[name] = sum(child[name] for child in children)
    delivered = whole["emails_sent"] - whole["bounces"]["hard_bounces"] - whole["bounces"]["soft_bounces"]
    whole["opens"]["open_rate"] = _rate(whole["opens"]["unique_opens"], delivered)
    whole["clicks"]["click_rate"] = _rate(whole["clicks"]["unique_subscriber_clicks"], delivered)
    return whole


def _report(campaign: Document, id_: str, sent: int, age: timedelta) -> dict[str, Any]:
    growth = Growth(f"mailchimp/{id_}", age)
    hard, soft = growth.share("hard bounces", sent, 0, 0.01), growth.share("soft bounces", sent, 0, 0.01)
    delivered = sent - hard - soft
    unique_opens = growth.share("opens", sent, 0.15, 0.45)
    subscribers_clicking = growth.share("subscriber clicks", sent, 0.01, 0.08)
    return {
        "id": id_,
        "campaign_title": campaign["settings"]["title"],
        "type": campaign["type"],
        "list_id": campaign["list_id"],
        "list_is_active": True,
        "list_name": LIST_NAME,
        "subject_line": campaign["settings"]["subject_line"],
        "preview_text": campaign["settings"]["preview_text"],
        "emails_sent": sent,
        "abuse_reports": growth.share("abuse", sent, 0, 0.001),
        "unsubscribed": growth.share("unsubscribed", sent, 0, 0.005),
        "send_time": campaign["sent"],
        "bounces": {"hard_bounces": hard, "soft_bounces": soft, "syntax_errors": 0},
        "forwards": {"forwards_count": 0, "forwards_opens": 0},
        "opens": {
            "opens_total": unique_opens + growth.share("repeated opens", sent, 0.05, 0.2),
            "unique_opens": unique_opens,
            "open_rate": _rate(unique_opens, delivered),
        },
        "clicks": {
            "clicks_total": subscribers_clicking + growth.share("repeated clicks", sent, 0.005, 0.03),
            "unique_clicks": subscribers_clicking + growth.share("second links", sent, 0, 0.005),
            "unique_subscriber_clicks": subscribers_clicking,
            "click_rate": _rate(subscribers_clicking, delivered),
        },
        "_links": [],
    }


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _within(at: datetime, since: datetime | None, before: datetime | None) -> bool:
    return (since is None or at > since) and (before is None or at < before)
