"""Plausible's Stats API v2 (https://plausible.io/docs/stats-api), Plausible's own cloud or one's own server.

Two questions, since bounces are of visits and may not be asked for by page (the reference forbids mixing the two): by
page, and by the page that visits began with. An API key may ask 600 times an hour.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, ClassVar, Final

from pipeline.measurement.site_analytics import answers
from pipeline.measurement.site_analytics.source import PageDay, Reading, Source, spellings
from pipeline.platforms.base import Account
from pipeline.platforms.failures import required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.platforms.offer import Setting

_CLOUD: Final = "https://plausible.io"
_PAGE: Final = "event:page"
_ENTRY: Final = "visit:entry_page"
_DAY: Final = "time:day"
_ROWS: Final = 10_000
"""What one answer holds by default, and what is asked for."""
_LARGEST: Final = 16 * 1024 * 1024
"""Bytes of such an answer, many times what ten thousand rows take."""
_NAMED: Final = 500
"""More pages than this are not named in the question: the whole site's answer is shorter than so many names."""


class Plausible(Source):
    """Safe to use from several threads."""

    title: ClassVar[str] = "Plausible"
    settings: ClassVar[Sequence[Setting]] = (
        Setting("site_id", "The site's domain, as Plausible has it.", required=True),
        Setting("hostname", "Only views on this host, where the site has several."),
        Setting("base_url", "Of a server of your own; default plausible.io."),
    )
    secrets: ClassVar[Sequence[Setting]] = (Setting("api_key", "A key for the Stats API.", required=True),)
    restates: ClassVar[int] = 2

    def __init__(self, account: Account) -> None:
        self._account = account
        self._wire = Wire(account)
        self._address = f"{str(account.publish_config.get('base_url') or _CLOUD).rstrip('/')}/api/v2/query"

    def read(self, pages: Sequence[str], first: date, last: date) -> Reading:
        """Time on page is Plausible's, per visit that saw the page; so is the scroll depth."""
        with answers.understood(self.title):
            seen = self._rows(_PAGE, ("visitors", "pageviews", "time_on_page", "scroll_depth"), pages, first, last)
            begun = self._rows(_ENTRY, ("visits", "bounce_rate"), pages, first, last)
            return answers.readable(
                (path, at := answers.iso_day(day), partial(_page_day, path, at, metrics, begun.get((day, path))))
                for (day, path), metrics in seen.items()
            )

    def _rows(
        self, dimension: str, metrics: Sequence[str], pages: Sequence[str], first: date, last: date
    ) -> dict[tuple[str, str], list[Any]]:
        """The metrics by day and path. Raises: CallError, and what `understood` knows."""
        key = required(self._account, self._account.credentials, "api_key")
        query = {
            "site_id": required(self._account, self._account.publish_config, "site_id"),
            "date_range": [first.isoformat(), last.isoformat()],
            "metrics": list(metrics),
            "dimensions": [_DAY, dimension],
            "filters": self._filters(dimension, pages),
            # Pages of an answer need an order that is the same each time.
            "order_by": [[_DAY, "asc"], [dimension, "asc"]],
        }
        found: dict[tuple[str, str], list[Any]] = {}
        start = 0
        while True:
            answer = self._wire.call(
                "POST",
                self._address,
                headers={"Authorization": f"Bearer {key}"},
                json={**query, "pagination": {"limit": _ROWS, "offset": start}},
                max_bytes=_LARGEST,
            )
            rows = as_list(as_object(answer.json())["results"])
            for row in rows:
                day, path = row["dimensions"]
                found[day, path] = row["metrics"]
            start += _ROWS
            if len(rows) < _ROWS:
                return found

    def _filters(self, dimension: str, pages: Sequence[str]) -> list[Any]:
        named = list(dict.fromkeys(path for page in pages for path in spellings(page)))
        filters: list[Any] = [["is", dimension, named]] if len(named) <= _NAMED else []
        if hostname := self._account.publish_config.get("hostname"):
            filters.append(["is", "event:hostname", [str(hostname)]])
        return filters


def _page_day(path: str, day: date, metrics: Sequence[Any], begun: Sequence[Any] | None) -> PageDay:
    visitors, views, seconds, depth = metrics
    entries, bounced = begun if begun is not None else (0, None)
    return PageDay(
        path=path,
        date=day,
        views=answers.count(views),
        unique_visitors=answers.count(visitors),
        avg_time_on_page=answers.mean(seconds),
        entries=answers.count(entries),
        bounce_rate=answers.percent(bounced),
        scroll_depth_avg=answers.percent(depth),
    )
