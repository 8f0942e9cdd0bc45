"""Google Analytics 4, by its Data API v1beta.

https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport, dimensions and
metrics by https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema.

Two reports, since bounces are of sessions: by page, and by the page that sessions began with. GA4 tells no scroll depth
(`scrolledUsers` only who came to 90 %), and it leaves rows out: small ones to protect people's privacy, others into a
row "(other)". Where it says so, a page without a row is not one without readers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, ClassVar, Final

from pipeline.measurement.site_analytics import answers
from pipeline.measurement.site_analytics.google_token import access_token
from pipeline.measurement.site_analytics.source import PageDay, Reading, Source, days_of, host_of, spellings
from pipeline.platforms.base import Account
from pipeline.platforms.failures import required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.platforms.offer import Setting

_GOOGLE: Final = "https://analyticsdata.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/analytics.readonly"
_PAGE: Final = "pagePath"
_ENTRY: Final = "landingPage"
_ROWS: Final = 10_000
_LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer, many times what so many rows take."""
_NAMED: Final = 500
"""More pages than this are not named in the question: the whole site's answer is shorter than so many names."""


class GoogleAnalytics(Source):
    """Safe to use from several threads."""

    title: ClassVar[str] = "Google Analytics 4"
    settings: ClassVar[Sequence[Setting]] = (
        Setting("property_id", "The property's number.", required=True),
        Setting("hostname", "The host whose views count; default the one that the pages are on."),
        Setting("base_url", "In place of Google's, for a stand-in."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("client_email", "Of a service account that may read the property; Google's key file holds all three."),
        Setting("private_key", "Its key, PEM.", required=True),
        Setting("token_uri", "Where tokens are given; default Google's."),
    )
    restates: ClassVar[int] = 4

    def __init__(self, account: Account) -> None:
        self._account = account

    def read(self, pages: Sequence[str], first: date, last: date) -> Reading:
        """Time on page is `userEngagementDuration`, when the page was in front, for each view; bounces are sessions
        that were not "engaged" (under 10 seconds, one view, no key event).
        """
        with answers.understood(self.title):
            wire = Wire(self._account)
            stand_in = str(self._account.publish_config.get("base_url") or "").rstrip("/")
            token = access_token(self._account, wire, _SCOPE, f"{stand_in}/token" if stand_in else None)
            # So that no error tells it either.
            named = replace(self._account, credentials={**self._account.credentials, "access_token": token})
            report = _Report(named, token, pages, (first, last))
            metrics = ("screenPageViews", "totalUsers", "userEngagementDuration")
            seen = dict(report.rows(_PAGE, metrics))
            begun = dict(report.rows(_ENTRY, ("sessions", "bounceRate")))
            return answers.readable(
                (
                    (path, at := answers.compact_day(day), partial(_page_day, path, at, told, begun.get((day, path))))
                    for (day, path), told in seen.items()
                ),
                frozenset(days_of(first, last)) if report.withheld else frozenset(),
            )


class _Report:
    """One property's reports over some days, and whether any of them left something out."""

    def __init__(self, account: Account, token: str, pages: Sequence[str], days: tuple[date, date]) -> None:
        self._account = account
        self._wire = Wire(account)
        self._token = token
        self._pages = pages
        self._days = days
        self.withheld = False

    def rows(self, dimension: str, metrics: Sequence[str]) -> Iterator[tuple[tuple[str, str], list[str]]]:
        """The metrics by day and path. Raises: CallError, and what `understood` knows."""
        config = self._account.publish_config
        base_url = str(config.get("base_url") or _GOOGLE).rstrip("/")
        first, last = self._days
        query = {
            "dateRanges": [{"startDate": first.isoformat(), "endDate": last.isoformat()}],
            "dimensions": [{"name": "date"}, {"name": dimension}],
            "metrics": [{"name": name} for name in metrics],
            # Pages of an answer need an order that is the same each time.
            "orderBys": [{"dimension": {"dimensionName": name}} for name in ("date", dimension)],
            "limit": _ROWS,
            **self._filter(dimension),
        }
        start = 0
        while True:
            told = self._wire.call(
                "POST",
                f"{base_url}/v1beta/properties/{required(self._account, config, 'property_id')}:runReport",
                headers={"Authorization": f"Bearer {self._token}"},
                json={**query, "offset": start},
                max_bytes=_LARGEST,
            )
            answer = as_object(told.json())
            if "metricHeaders" not in answer:
                raise ValueError(answer)
            about = as_object(answer.get("metadata", {}))
            self.withheld |= bool(about.get("dataLossFromOtherRow") or about.get("subjectToThresholding"))
            # An answer without rows leaves `rows` and `rowCount` out.
            for row in as_list(answer.get("rows", [])):
                day, path = (each["value"] for each in row["dimensionValues"])
                yield (day, path), [each["value"] for each in row["metricValues"]]
            start += _ROWS
            if start >= answers.count(answer.get("rowCount", 0)):
                return

    def _filter(self, dimension: str) -> dict[str, Any]:
        """To the site's host, which shares the property with others' maybe, and to the pages, where they are few."""
        host = self._account.publish_config.get("hostname") or host_of(self._pages)
        paths = list(dict.fromkeys(path for page in self._pages for path in spellings(page)))
        wanted = [("hostName", [host, f"www.{host}"])] if host else []
        wanted += [(dimension, paths)] if len(paths) <= _NAMED else []
        clauses = [{"filter": {"fieldName": name, "inListFilter": {"values": values}}} for name, values in wanted]
        return {"dimensionFilter": {"andGroup": {"expressions": clauses}}} if clauses else {}


def _page_day(path: str, day: date, metrics: Sequence[str], begun: Sequence[str] | None) -> PageDay:
    views, users, seconds = answers.count(metrics[0]), answers.count(metrics[1]), answers.mean(metrics[2])
    entries, bounced = begun if begun is not None else ("0", None)
    return PageDay(
        path=path,
        date=day,
        views=views,
        unique_visitors=users,
        avg_time_on_page=seconds / views if seconds is not None and views else None,
        entries=answers.count(entries),
        bounce_rate=answers.mean(bounced),
    )
