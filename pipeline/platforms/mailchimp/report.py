"""Mailchimp's campaign reports: read in as few calls as there are pages, and as figures.

A campaign in arms takes two calls more: Mailchimp makes a campaign of each arm, whose id a combination in its
`variate_settings` has, and one of what the rest is sent. `platform_metrics` then holds `arms`, a list in their order,
the `winning_arm`'s place in it, and what came of the `rest`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.base import Gone, Metrics
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_list
from pipeline.platforms.mailchimp.api import NOT_FOUND, Api

_ONE_BY_ONE: Final = 3
"""Up to so many reports are asked for singly; more come cheaper as a list."""
_DAYS: Final = 100
"""Publications are looked at for 90 days, so a list this long holds all that are asked for, as a rule."""
_IN_ARMS: Final = "variate"
_OF_AN_ARM: Final = ("hard_bounces", "soft_bounces", "unsubscribed", "abuse_reports")
_PLACES: Final = ("subject_line", "from_name", "content_description", "send_time")
"""A combination's, each counted from 0, in the list of what is tried out."""
FIELDS: Final = (
    *("id", "type", "emails_sent", "unsubscribed", "abuse_reports", "forwards.forwards_count"),
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
            found |= _listed(api, api.reports(list(FIELDS), **sent), left)
    return found | {id_: _single(api, id_) for id_ in ids if id_ not in found}


def _listed(api: Api, pages: Iterable[list[dict[str, Any]]], wanted: set[str]) -> dict[str, Metrics | Gone]:
    """Raises: CallError."""
    found: dict[str, Metrics | Gone] = {}
    for page in pages:
        found |= {id_: _read(api, id_, each) for each in page if (id_ := str(each.get("id"))) in wanted}
        if len(found) == len(wanted):
            break
    return found


def _single(api: Api, id_: str) -> Metrics | Gone:
    """Raises: CallError."""
    try:
        report = api.report(id_, list(FIELDS))
    except CallError as failure:
        if failure.error.http_status == NOT_FOUND:
            return Gone()
        raise
    return _read(api, id_, report)


def _read(api: Api, id_: str, report: Mapping[str, Any]) -> Metrics:
    """Raises: CallError."""
    figures = metrics_of(report)
    if report.get("type") != _IN_ARMS:
        return figures
    told = of_arms(api.variate_settings(id_), api.sub_reports(id_, list(FIELDS)))
    return replace(figures, platform_metrics={**figures.platform_metrics, **told})


def of_arms(settings: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is known of a campaign's arms; nothing where Mailchimp does not tell which is which.

    The arms are those of the test alone: what the winner did with the rest is not in them.
    """
    by_id = {str(report.get("id")): report for report in reports}
    combinations = as_list(settings.get("combinations") or [])
    places = _places(combinations)
    if places is None:
        return {}
    in_order = [each for _, each in sorted(zip(places, combinations, strict=True), key=lambda pair: pair[0])]
    ids = [str(each.get("id")) for each in in_order]
    told: dict[str, Any] = {
        "arms": [_arm(by_id.get(id_, {}), each.get("recipients")) for id_, each in zip(ids, in_order, strict=True)]
    }
    if (winner := settings.get("winning_combination_id")) in ids:
        told["winning_arm"] = ids.index(str(winner))
    if rest := by_id.get(str(settings.get("winning_campaign_id") or "")):
        told["rest"] = _arm(rest, rest.get("emails_sent"))
    return told


def _places(combinations: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """Of each combination, by the one thing that varies."""
    for name in _PLACES:
        places = [each.get(name) for each in combinations]
        if len(places) > 1 and set(places) == set(range(len(places))):
            return [int(str(place)) for place in places]
    return None


def _arm(report: Mapping[str, Any], recipients: Any) -> dict[str, int]:
    """People, each counted once; what is not told is left out."""
    figures = metrics_of(report)
    kept = {name: figures.platform_metrics.get(name) for name in _OF_AN_ARM}
    counts = {
        "recipients": recipients,
        "delivered": figures.reach,
        "unique_opens": figures.engagements,
        "unique_clicks": figures.clicks,
        **kept,
    }
    return {name: count for name, count in counts.items() if isinstance(count, int)}


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
