"""Mailchimp's campaign reports, read as figures. Pure."""

from collections.abc import Mapping
from typing import Any

from pipeline.platforms.base import Metrics


def metrics_of(report: Mapping[str, Any]) -> Metrics:
    """A report as figures.

    Reach is what was delivered: sent, less hard and soft bounces. Engagements are the people who opened it, mail
    programs that open by themselves among them; clicks are the people who clicked; shares are forwards. An email has
    no impressions.
    """
    opens, clicks, bounces, forwards = (_part(report, name) for name in ("opens", "clicks", "bounces", "forwards"))
    sent, hard, soft = _count(report, "emails_sent"), _count(bounces, "hard_bounces"), _count(bounces, "soft_bounces")
    kept = {
        "emails_sent": report.get("emails_sent"),
        "unsubscribed": report.get("unsubscribed"),
        "abuse_reports": report.get("abuse_reports"),
        **{name: opens.get(name) for name in ("opens_total", "unique_opens", "open_rate")},
        **{name: clicks.get(name) for name in ("clicks_total", "unique_clicks", "click_rate")},
        **{name: bounces.get(name) for name in ("hard_bounces", "soft_bounces", "syntax_errors")},
    }
    return Metrics(
        reach=None if sent is None or hard is None or soft is None else max(0, sent - hard - soft),
        engagements=_count(opens, "unique_opens"),
        clicks=_count(clicks, "unique_subscriber_clicks"),
        shares=_count(forwards, "forwards_count"),
        platform_metrics={name: value for name, value in kept.items() if value is not None},
    )


def _part(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = report.get(name)
    return value if isinstance(value, dict) else {}


def _count(part: Mapping[str, Any], name: str) -> int | None:
    value = part.get(name)
    return value if isinstance(value, int) else None
