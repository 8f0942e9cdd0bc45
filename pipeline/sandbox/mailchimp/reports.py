"""Reports of sent campaigns: figures that grow with age."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
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


def _shown(call: Call, campaign: Document) -> dict[str, Any]:
    sent: int = recipients(campaign["segment_id"])["recipient_count"]
    growth = Growth(f"mailchimp/{campaign['id']}", call.age(utc(campaign["sent"])))
    hard, soft = growth.share("hard bounces", sent, 0, 0.01), growth.share("soft bounces", sent, 0, 0.01)
    delivered = sent - hard - soft
    unique_opens = growth.share("opens", sent, 0.15, 0.45)
    subscribers_clicking = growth.share("subscriber clicks", sent, 0.01, 0.08)
    return {
        "id": campaign["id"],
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
            "open_rate": unique_opens / delivered,
        },
        "clicks": {
            "clicks_total": subscribers_clicking + growth.share("repeated clicks", sent, 0.005, 0.03),
            "unique_clicks": subscribers_clicking + growth.share("second links", sent, 0, 0.005),
            "unique_subscriber_clicks": subscribers_clicking,
            "click_rate": subscribers_clicking / delivered,
        },
        "_links": [],
    }


def _within(at: datetime, since: datetime | None, before: datetime | None) -> bool:
    return (since is None or at > since) and (before is None or at < before)
