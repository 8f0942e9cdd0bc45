"""What the sources tell, kept: each day of each page, what was corrected later, and the posts' totals.

A source is read from the day after the last complete one, and the last few days again, since vendors restate them.
Only whole days are read. A source that fails leaves the others, a page with impossible figures leaves the other pages;
a day that could not be read is read by the next sync.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.measurement.site_analytics.engagement import engagement_score
from pipeline.measurement.site_analytics.registry import SourceFactory
from pipeline.measurement.site_analytics.source import PageDay, Reading, Source, days_of, in_one_spelling, plain_path
from pipeline.platforms.base import PlatformUnavailableError
from pipeline.platforms.http import batches
from pipeline.store import metrics, site_analytics
from pipeline.store.database import transaction
from pipeline.store.site_analytics import DayFigures, Page, SourceRow

_ACTOR: Final = "site analytics"
_DAYS_AT_ONCE: Final = 31
_ROWS_AT_ONCE: Final = 100_000
"""What is asked in one question: at most so many days, and of many pages fewer."""
_KEPT_AT_ONCE: Final = 20_000
"""Page-days in one transaction. A sync that is killed between two of them is read again by the next."""
_YOUNG: Final = timedelta(days=90)
"""So long a page's days are kept though nobody came. Later they are not: most pages of an old site have no reader on
most days, and a row for each would be most of the table."""
_IN_PARALLEL: Final = 8


@dataclass(slots=True)
class SyncReport:
    """One source's sync.

    `pages` were asked for, over the days from `first` to `last`; `told` page-days had readers, `changed` were new or
    corrected. `refused` says of pages why a day of theirs was not kept. `error` is why it ended early, None where it
    did not.
    """

    source_key: str
    first: date | None = None
    last: date | None = None
    pages: int = 0
    told: int = 0
    changed: int = 0
    refused: list[str] = field(default_factory=list)
    error: str | None = None


def sync(
    engine: sa.Engine,
    open_source: SourceFactory,
    *,
    now: datetime,
    keys: Collection[str] | None = None,
    unusable: Sequence[type[Exception]] = (),
) -> list[SyncReport]:
    """Read the active sources, or those with these keys, beside one another. Nothing raised by one concerns another.

    `unusable` is what the factory raises, besides ValueError, for a source that can't be asked as it is set up.
    """
    failures: tuple[type[Exception], ...] = (PlatformUnavailableError, ValueError, *unusable)
    with engine.connect() as connection:
        rows = [row for row in site_analytics.sources(connection) if keys is None or row.source_key in keys]

    def one(row: SourceRow) -> SyncReport:
        report = SyncReport(row.source_key)
        try:
            if row.not_before is not None and row.not_before > now:
                report.error = f"asks to be left alone until {row.not_before:%Y-%m-%d %H:%M} UTC"
            else:
                _sync_source(engine, row, open_source(row), now, report)
        except failures as error:
            report.error = str(error)
            with transaction(engine, _ACTOR) as connection:
                site_analytics.note_failed(connection, row.id, report.error, getattr(error, "retry_at", None))
        return report

    with ThreadPoolExecutor(_IN_PARALLEL) as pool:
        return list(pool.map(one, rows))


def _sync_source(engine: sa.Engine, row: SourceRow, source: Source, now: datetime, report: SyncReport) -> None:
    last = clock.local(now, row.timezone).date() - timedelta(days=1)
    first = first_day(row, source.restates, last)
    report.first, report.last = first, last
    with engine.connect() as connection:
        known = site_analytics.pages(connection, row.platform_id, last)
    pages = [page for page in known if _has_address(page, report)]
    report.pages = len(pages)
    for begin, end in _stretches(first, last, max(1, min(_DAYS_AT_ONCE, _ROWS_AT_ONCE // max(1, len(pages))))):
        asked = [page for page in pages if page.published_on <= end]
        reading = source.read([page.address for page in asked], begin, end) if asked else Reading([])
        figures = list(_figures(asked, reading, begin, end, report))
        for part in batches(figures, _KEPT_AT_ONCE):
            with transaction(engine, _ACTOR) as connection:
                report.changed += len(_keep(connection, row, part, now))
        with transaction(engine, _ACTOR) as connection:
            site_analytics.note_synced(connection, row.id, end)
        report.told += sum(1 for each in figures if each.views)


def _has_address(page: Page, report: SyncReport) -> bool:
    try:
        urlsplit(page.address)
    except ValueError:
        report.refused.append(f"{page.address}: no address of a page")
        return False
    return True


def first_day(row: SourceRow, restates: int, last: date) -> date:
    """Where reading begins: what was never read, and the days that the vendor may have restated."""
    if row.complete_through is None:
        return row.counts_since
    again = last - timedelta(days=restates - 1)
    return max(row.counts_since, min(row.complete_through + timedelta(days=1), again))


def _stretches(first: date, last: date, days: int) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(last, first + timedelta(days=days - 1))
        yield first, end
        first = end + timedelta(days=1)


def _figures(
    pages: Sequence[Page], reading: Reading, first: date, last: date, report: SyncReport
) -> Iterator[DayFigures]:
    """Each page's days, from its publication on; one without a row is a day without readers, where all was told."""
    told = in_one_spelling(reading.days)
    garbled = {(plain_path(path), day) for path, day in reading.garbled}
    for page in pages:
        path = plain_path(page.address)
        for day in days_of(max(first, page.published_on), last):
            found = told.get((path, day))
            if (path, day) in garbled:
                report.refused.append(f"{path} on {day}: figures that are no numbers")
                continue
            if found is None and day in reading.incomplete:
                continue
            if found is not None and (wrong := _impossible(found)):
                report.refused.append(f"{path} on {day}: {wrong}")
                continue
            yield _kept(page, day, found)


def _kept(page: Page, day: date, found: PageDay | None) -> DayFigures:
    return DayFigures(
        distribution_id=page.distribution_id,
        post_id=page.post_id,
        date=day,
        views=found.views if found else 0,
        unique_visitors=found.unique_visitors if found else 0,
        avg_time_on_page=found.avg_time_on_page if found else None,
        bounce_rate=found.bounce_rate if found else None,
        scroll_depth_avg=found.scroll_depth_avg if found else None,
        always=day < page.published_on + _YOUNG,
    )


def _impossible(day: PageDay) -> str | None:
    """What of it can't be, and so nothing of it is kept."""
    for name, rate in (("bounce rate", day.bounce_rate), ("scroll depth", day.scroll_depth_avg)):
        if rate is not None and not 0 <= rate <= 1:
            return f"a {name} of {rate:.0%}"
    return None


def _keep(connection: sa.Connection, row: SourceRow, figures: Sequence[DayFigures], now: datetime) -> list[DayFigures]:
    """What is new or other than before: noted, made the posts' days where they are at home, and added up."""
    changed = site_analytics.keep_readings(connection, row.id, figures)
    if row.is_home:
        _keep_post_days(connection, row.id, [each for each in changed if each.post_id is not None])
    _keep_totals(connection, row, {each.distribution_id for each in changed}, now)
    return changed


def _keep_post_days(connection: sa.Connection, source_id: UUID, figures: Sequence[DayFigures]) -> None:
    words = site_analytics.word_counts(connection, {each.post_id for each in figures if each.post_id})
    scores = [
        engagement_score(
            views=each.views,
            words=words[each.post_id] if each.post_id else 0,
            seconds=each.avg_time_on_page,
            scroll_depth=each.scroll_depth_avg,
            bounce_rate=each.bounce_rate,
        )
        for each in figures
    ]
    site_analytics.keep_post_days(connection, source_id, figures, scores)


def _keep_totals(connection: sa.Connection, row: SourceRow, distribution_ids: Collection[UUID], now: datetime) -> None:
    """The views of each publication up to now, as its impressions: its own platform counts no readers.

    Its reach stays unknown, for the visitors of several days are not the sum of each day's.
    """
    views = site_analytics.views_of(connection, distribution_ids)
    metrics.store(
        connection,
        [
            metrics.Snapshot(
                id=id_,
                told_at=now,
                next_at=None,
                impressions=total,
                platform_metrics={"site_analytics": row.source_key},
            )
            for id_, total in sorted(views.items())
        ],
    )
