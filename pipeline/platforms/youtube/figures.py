"""How videos do: public counts from the Data API, and what the owner alone sees from YouTube Analytics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.audience import Audience, AudienceDay
from pipeline.platforms.base import Gone, Metrics
from pipeline.platforms.failures import garbled
from pipeline.platforms.http import as_object, batches
from pipeline.platforms.youtube.api import ANALYTICS, LIST, VIDEOS, Api

BATCH: Final = 50
ANALYTICS_BATCH: Final = 500
_STATS: Final = "youtube#batchGetStatsResponse"
_BEGINNING: Final = "2005-04-23"
"""When the first video was uploaded; a report must begin somewhere."""
_REPORTED: Final = ("shares", "estimatedMinutesWatched", "averageViewDuration", "subscribersGained", "subscribersLost")
_TURNOVER: Final = ("subscribersGained", "subscribersLost")
_DAYS: Final = timedelta(days=30)
"""How far back the channel's days are read again: Analytics comes late, and corrects itself."""


def counted(api: Api, ids: Sequence[str], *, analytics: bool) -> dict[str, Metrics | Gone]:
    """What is known of each. Raises: CallError."""
    found: dict[str, Metrics | Gone] = {}
    for batch in batches(ids, BATCH):
        params = {"part": "id,statistics", "id": ",".join(batch)}
        items = api.items(f"{VIDEOS}:batchGetStats", _STATS, **params)
        found |= {str(item.get("id")): public(item.get("statistics")) for item in items}
        missing = [id_ for id_ in batch if id_ not in found]
        found |= dict.fromkeys(_gone(api, missing), Gone())
    if analytics:
        live = [id_ for id_, figures in found.items() if isinstance(figures, Metrics)]
        for id_, row in _reports(api, live):
            figures = found.get(id_)
            if isinstance(figures, Metrics):
                found[id_] = with_report(figures, row)
    return found


def audience(api: Api, *, analytics: bool) -> Audience:
    """The channel's subscribers, which YouTube tells to three digits. Raises: CallError."""
    channels = api.items("/youtube/v3/channels", "youtube#channelListResponse", part="statistics", mine="true")
    if not channels:
        raise garbled("the token belongs to no channel")
    told = as_object(channels[0].get("statistics", {}))
    hidden = told.get("hiddenSubscriberCount") is True
    return Audience(None if hidden else _whole(told.get("subscriberCount")), _days(api) if analytics else ())


def public(statistics: Any) -> Metrics:
    """Counts that came as strings; one that the owner hides is not there. `engagements` is likes and comments."""
    if not isinstance(statistics, dict):
        return Metrics()
    counts = {name: number for name, value in statistics.items() if (number := _whole(value)) is not None}
    interactions = [counts[name] for name in ("likeCount", "commentCount") if name in counts]
    return Metrics(
        video_views=counts.pop("viewCount", None),
        likes=counts.pop("likeCount", None),
        comments=counts.pop("commentCount", None),
        engagements=sum(interactions) if interactions else None,
        platform_metrics=counts,
    )


def with_report(figures: Metrics, row: Mapping[str, Any]) -> Metrics:
    """The figures with those of Analytics, which come a day or two late; minutes become seconds."""
    told = {name: value for name, value in row.items() if isinstance(value, int | float) and value >= 0}
    minutes, shares = told.pop("estimatedMinutesWatched", None), told.pop("shares", None)
    gained, lost = (told.pop(name, None) for name in _TURNOVER)
    return replace(
        figures,
        shares=None if shares is None else int(shares),
        video_watch_time_seconds=None if minutes is None else round(minutes * 60),
        followers_gained=None if gained is None else int(gained),
        followers_lost=None if lost is None else int(lost),
        platform_metrics={**figures.platform_metrics, **told},
    )


def _gone(api: Api, ids: Sequence[str]) -> list[str]:
    """Those that aren't there: a batch leaves out as well what could not be counted just now. Raises: CallError."""
    if not ids:
        return []
    there = {str(item.get("id")) for item in api.items(VIDEOS, LIST, part="id", id=",".join(ids))}
    return [id_ for id_ in ids if id_ not in there]


def _reports(api: Api, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each video's row, its figures by their names. Raises: CallError."""
    for batch in batches(ids, ANALYTICS_BATCH):
        yield from _report(api, "video", _BEGINNING, _REPORTED, filters=f"video=={','.join(batch)}")


def _days(api: Api) -> Sequence[AudienceDay]:
    """The channel's last days; of the youngest YouTube tells nothing yet. Raises: CallError."""
    since = datetime.now(UTC).date() - _DAYS
    rows = _report(api, "day", since.isoformat(), _TURNOVER)
    try:
        return tuple(AudienceDay(date.fromisoformat(day), *map(_whole, row.values())) for day, row in rows)
    except ValueError:
        raise garbled("a day of YouTube's report is none") from None


def _report(
    api: Api, dimension: str, since: str, metrics: Sequence[str], **more: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a report until today, by their dimension's values. Raises: CallError."""
    params = {
        "ids": "channel==MINE",
        "startDate": since,
        "endDate": datetime.now(UTC).date().isoformat(),
        "metrics": ",".join(metrics),
        "dimensions": dimension,
        **more,
    }
    rows = api.ask("GET", "/v2/reports", host=ANALYTICS, params=params).get("rows")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 1 + len(metrics):
            yield str(row[0]), dict(zip(metrics, row[1:], strict=True))


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None  # noqa: PLR2004 - 64 bits
