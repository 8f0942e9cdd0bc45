"""YouTube Analytics: figures of named videos since the channel began, and each day's subscribers of the channel."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube import access
from pipeline.sandbox.youtube.credentials import READING
from pipeline.sandbox.youtube.errors import refusal
from pipeline.sandbox.youtube.resources import growth_of, statistics

_MOST_VIDEOS: Final = 500
_METRICS: Final = (
    *("views", "likes", "comments", "shares", "estimatedMinutesWatched", "averageViewDuration"),
    *("subscribersGained", "subscribersLost"),
)
_TURNOVER: Final = ("subscribersGained", "subscribersLost")
_LATE: Final = timedelta(days=2)
_FILTER: Final = re.compile(r"video==([\w,-]+)")


def query(call: Call) -> Response:
    access.require_scope(call, READING)
    given = access.query(
        call, "ids", "startDate", "endDate", "metrics", "dimensions", "filters", "sort", "maxResults", "startIndex"
    )
    if given.get("ids") != "channel==MINE":
        raise _invalid("ids", given)
    if _day(given, "startDate") > _day(given, "endDate"):
        raise _invalid("endDate", given)
    metrics = given.get("metrics", "").split(",")
    if not set(metrics) <= set(_METRICS):
        raise _invalid("metrics", given)
    if given.get("dimensions") == "day":
        return _of_days(call, given, metrics)
    if given.get("dimensions") != "video":
        raise _invalid("dimensions", given)
    filtered = _FILTER.fullmatch(given.get("filters", ""))
    ids = filtered[1].split(",") if filtered else []
    if not 0 < len(ids) <= _MOST_VIDEOS:
        raise _invalid("filters", given)
    known = (call.ledger.get("youtube", "video", id_) for id_ in dict.fromkeys(ids))
    return _table("video", metrics, [_row(call, video, metrics) for video in known if video and _is_counted(video)])


def _of_days(call: Call, given: dict[str, str], metrics: list[str]) -> Response:
    """The youngest two days are not counted yet. Raises: Refusal: more is asked than who came and who went."""
    if not set(metrics) <= set(_TURNOVER):
        raise _invalid("metrics", given)
    if "filters" in given:
        raise _invalid("filters", given)
    last = min(_day(given, "endDate"), call.now.date() - _LATE)
    return _table("day", metrics, [_turnover(day, metrics) for day in _days(_day(given, "startDate"), last)])


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _turnover(day: date, metrics: list[str]) -> list[str | int]:
    drawn = hashlib.sha256(f"youtube/{day}".encode()).digest()
    figures = {"subscribersGained": drawn[0] % 9, "subscribersLost": drawn[1] % 3}
    return [day.isoformat(), *(figures[name] for name in metrics)]


def _table(dimension: str, metrics: list[str], rows: list[list[str | int]]) -> Response:
    headers = [_header(dimension, "DIMENSION", "STRING"), *(_header(name, "METRIC", "INTEGER") for name in metrics)]
    return JSONResponse({"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers, "rows": rows})


def _is_counted(video: Document) -> bool:
    return bool(video["status"]["privacyStatus"] != "private")


def _row(call: Call, video: Document, metrics: list[str]) -> list[str | int]:
    growth, public = growth_of(call, video), statistics(call, video)
    views = int(public["viewCount"])
    average = round(growth.final("seconds", 20, 400))
    figures = {
        "views": views,
        "likes": int(public["likeCount"]),
        "comments": int(public["commentCount"]),
        "shares": growth.share("shares", views, 0.001, 0.01),
        "estimatedMinutesWatched": views * average // 60,
        "averageViewDuration": average,
        "subscribersGained": growth.share("gained", views, 0.001, 0.01),
        "subscribersLost": growth.share("lost", views, 0, 0.001),
    }
    return [video["id"], *(figures[name] for name in metrics)]


def _header(name: str, kind: str, data_type: str) -> dict[str, str]:
    return {"name": name, "columnType": kind, "dataType": data_type}


def _day(given: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(given.get(name, ""))
    except ValueError:
        raise _invalid(name, given) from None


def _invalid(name: str, given: dict[str, str]) -> Exception:
    return refusal(400, "badRequest", f"Invalid value for {name}: {given.get(name, '')}", "global")
