"""Matomo's Reporting API (https://developer.matomo.org/api-reference/reporting-api#Actions), in a cloud or one's own.

The report of the whole site is read, page after page of it: it can't be narrowed to pages, a segment would be one of
visits. The token goes in the body, since addresses end up in logs. Matomo keeps the site's largest pages and sums the
rest up in one row; on such a day a page without a row is not one without readers.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from pipeline.measurement.site_analytics import answers
from pipeline.measurement.site_analytics.source import PageDay, Reading, Source, host_of
from pipeline.measurement.visitors import bare_host
from pipeline.platforms.base import Account, NotSent, PlatformError
from pipeline.platforms.failures import required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.platforms.offer import Setting
from pipeline.vocabulary import ErrorKind

_ROWS: Final = 5_000
"""Of each day, in one answer."""
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an answer: so many rows of some 600 for each of a month's days, and half as many again."""
_NO_ENTRY: Final = "token_auth"
"""What Matomo's refusals of a token name."""


class Matomo(Source):
    """Safe to use from several threads."""

    title: ClassVar[str] = "Matomo"
    settings: ClassVar[Sequence[Setting]] = (
        Setting("base_url", "Where Matomo is, such as https://analytics.example.com.", required=True),
        Setting("site_id", "The site's number there.", required=True),
        Setting("hostname", "The host whose views count; default the one that the pages are on."),
    )
    secrets: ClassVar[Sequence[Setting]] = (Setting("token_auth", "Of a user who may view the site.", required=True),)
    restates: ClassVar[int] = 2

    def __init__(self, account: Account) -> None:
        self._account = account
        self._wire = Wire(account)

    def read(self, pages: Sequence[str], first: date, last: date) -> Reading:
        """Time on page is per visit that saw the page. Matomo tells no scroll depth here."""
        host = bare_host(self._account.publish_config.get("hostname") or host_of(pages))
        found: list[answers.Row] = []
        incomplete: set[date] = set()
        with answers.understood(self.title):
            for day, row in self._rows(first, last):
                if _is_yes(row.get("is_summary")):
                    incomplete.add(day)
                elif (url := row.get("url")) and host in (None, bare_host(urlsplit(url).hostname)):
                    found.append((urlsplit(url).path, day, partial(_page_day, day, url, row)))
        return answers.readable(found, frozenset(incomplete))

    def _rows(self, first: date, last: date) -> Iterator[tuple[date, dict[str, Any]]]:
        """Raises: CallError, and what `understood` knows."""
        config, credentials = self._account.publish_config, self._account.credentials
        asked = {
            "module": "API",
            "method": "Actions.getPageUrls",
            "format": "JSON",
            "idSite": required(self._account, config, "site_id"),
            "period": "day",
            "date": f"{first},{last}",
            "flat": "1",
            "filter_limit": str(_ROWS),
            # Pages of an answer need an order that is the same each time.
            "filter_sort_column": "label",
            "filter_sort_order": "asc",
            "token_auth": required(self._account, credentials, "token_auth"),
        }
        address = f"{required(self._account, config, 'base_url').rstrip('/')}/index.php"
        start = 0
        while True:
            answer = self._wire.call(
                "POST",
                address,
                content=urlencode({**asked, "filter_offset": str(start)}).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                max_bytes=_LARGEST,
            )
            days = {iso: as_list(rows) for iso, rows in self._told(answer.json()).items()}
            for iso, rows in days.items():
                for row in rows:
                    yield answers.iso_day(iso), row
            start += _ROWS
            if all(len(rows) < _ROWS for rows in days.values()):
                return

    def _told(self, answer: Any) -> dict[str, Any]:
        """Matomo refuses with a 200. Raises: CallError."""
        told = as_object(answer)
        if told.get("result") == "error":
            message = str(told.get("message"))
            kind = ErrorKind.AUTH if _NO_ENTRY in message else ErrorKind.VALIDATION
            raise self._wire.refused(NotSent(PlatformError(kind, message)))
        return told


def _page_day(day: date, url: str, row: dict[str, Any]) -> PageDay:
    visits, entries = answers.count(row["nb_visits"]), answers.count(row.get("entry_nb_visits", 0))
    seconds = answers.mean(row.get("sum_time_spent"))
    bounced = answers.count(row.get("entry_bounce_count", 0))
    visitors = row.get("nb_uniq_visitors")
    return PageDay(
        path=urlsplit(url).path,
        date=day,
        views=answers.count(row["nb_hits"]),
        unique_visitors=None if visitors is None else answers.count(visitors),
        avg_time_on_page=seconds / visits if seconds is not None and visits else None,
        entries=entries,
        bounce_rate=bounced / entries if entries else None,
    )


def _is_yes(value: Any) -> bool:
    return value in (True, 1, "1")
