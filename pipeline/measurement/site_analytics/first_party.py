"""Our own count, of the views that the beacon told or the web server's log holds: nobody else is asked."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.measurement.site_analytics.source import PageDay, Reading, Source, days_of
from pipeline.platforms.offer import Setting
from pipeline.store import page_views

BEACON: Final = "beacon"
LOG: Final = "log"
COUNTED: Final = (BEACON, LOG)


class FirstParty(Source):
    """Safe to use from several threads.

    The beacon and the log see the same readers, so one of them counts: the beacon, unless the source's config has
    counts=log.
    """

    title: ClassVar[str] = "First-party"
    settings: ClassVar[Sequence[Setting]] = (
        Setting("counts", "beacon (default), or log for what `pressroom analytics read-log` reads."),
    )
    restates: ClassVar[int] = 2

    def __init__(self, engine: sa.Engine, platform_id: UUID, timezone: str, counts: str = BEACON) -> None:
        """Raises: ValueError: `counts` is none of COUNTED."""
        if counts not in COUNTED:
            raise ValueError(f"counts is one of {', '.join(COUNTED)}, not {counts!r}")
        self._engine = engine
        self._platform_id = platform_id
        self._timezone = timezone
        self._counts = counts

    def read(self, pages: Sequence[str], first: date, last: date) -> Reading:
        """Time on page is how long it was in sight, per view whose end was told; a log tells neither time nor depth.

        What a log says of a day is whole only once it goes beyond it: until then the day's silence means nothing.
        """
        del pages  # all of the site's are one question
        with self._engine.connect() as connection:
            rows = page_views.counted(
                connection, self._platform_id, self._counts, timezone=self._timezone, first=first, last=last
            )
            latest = page_views.latest(connection, self._platform_id, self._counts)
        return Reading(
            days=[
                PageDay(
                    path=row.path,
                    date=row.day,
                    views=row.views,
                    unique_visitors=row.visitors,
                    avg_time_on_page=None if row.seconds is None else float(row.seconds),
                    entries=row.entries,
                    bounce_rate=row.bounces / row.entries if row.entries else None,
                    scroll_depth_avg=None if row.scroll is None else float(row.scroll),
                )
                for row in rows
            ],
            incomplete=self._unread(first, last, latest) if self._counts == LOG else frozenset(),
        )

    def _unread(self, first: date, last: date, latest: datetime | None) -> frozenset[date]:
        reached = None if latest is None else clock.local(latest, self._timezone).date()
        return frozenset(day for day in days_of(first, last) if reached is None or day >= reached)
