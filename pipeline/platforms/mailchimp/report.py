"""Mailchimp's campaign reports: read in as few calls as there are pages, and as figures."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.base import Gone, Metrics
from pipeline.platforms.failures import CallError
from pipeline.platforms.mailchimp.api import Api

_ONE_BY_ONE: Final = 3
"""Up to so many reports are asked for singly; more come cheaper as a list."""
_DAYS: Final = 100
"""Publications are looked at for 90 days, so a list this long holds all that are asked for, as a rule."""
FIELDS: Final = (
    *("id", "emails_sent", "unsubscribed", "abuse_reports", "forwards.forwards_count"),
    *("bounces.hard_bounces", "bounces.soft_bounces", "bounces.syntax_errors"),
    *("opens.opens_total", "opens.unique_opens", "opens.open_rate"),
    *("clicks.clicks_total", "clicks.unique_clicks", "clicks.unique_subscriber_clicks", "clicks.click_rate"),
)


def figures(api: Api, ids: Sequence[str], publish_config: Mapping[str, Any]) -> dict[str, Metrics | Gone]:
    """Of each campaign; one that has no report any more is gone.

    The list of the last `reports_days` is read first, then what was sent before, as long as there is more to be found
    than is worth a call each.

    Raises:
        CallError: Mailchimp could not be asked.
    """
    since = datetime.now(UTC) - timedelta(days=int(publish_config.get("reports_days") or _DAYS))
    found: dict[str, Metrics | Gone] = {}
    for sent in ({"since_send_time": since}, {"before_send_time": since + timedelta(days=1)}):
        left = set(ids) - found.keys()
        if len(left) > _ONE_BY_ONE:
            found |= _listed(api.reports(list(FIELDS), **sent), left)
    return found | {id_: _single(api, id_) for id_ in ids if id_ not in found}


def _listed(pages: Iterable[list[dict[str, Any]]], wanted: set[str]) -> dict[str, Metrics | Gone]:
    """Raises: CallError."""
    found: dict[str, Metrics | Gone] = {}
    for page in pages:
        found |= {id_: metrics_of(each) for each in page if (id_ := str(each.get("id"))) in wanted}
        if len(found) == len(wanted):
            break
    return found


def _single(api: Api, id_: str) -> Metrics | Gone:
    """Raises: CallError."""
    try:
        return metrics_of(api.report(id_, list(FIELDS)))
    except CallError as failure:
        if failure.error.http_status == 404:  # noqa: PLR2004
            return Gone()
        raise


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
