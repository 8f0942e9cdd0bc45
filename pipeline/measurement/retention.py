"""What is done each night so that measuring goes on for years: months made, days kept, old months dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pipeline.store import metrics, metrics_retention
from pipeline.store.database import transaction


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What one night's upkeep did.

    Attributes:
        months_made: monthly partitions that were missing.
        days_kept: UTC days of which the last snapshots were kept.
        snapshots_kept: how many those were.
        months_dropped: partitions whose snapshots were dropped.
        months_busy: partitions to be dropped the next night: others were at the tables.
        strays_dropped: old snapshots of the default partition.
        answers_forgotten: answers of language models.
    """

    months_made: int
    days_kept: int
    snapshots_kept: int
    months_dropped: Sequence[str]
    months_busy: Sequence[str]
    strays_dropped: int
    answers_forgotten: int


def tend(engine: sa.Engine, *, keep: timedelta, now: datetime | None = None) -> Upkeep:
    """Make the coming months' partitions, keep the days that are over, and drop the months older than `keep`.

    Safe to run again, and to be cut off: a month is dropped only once each of its days is kept.
    """
    now = now or datetime.now(UTC)
    before = (now - keep).date()
    with transaction(engine, "maintenance") as connection:
        made = metrics.ensure_partitions(connection)
    with engine.connect() as connection:
        days = metrics_retention.days_to_keep(connection, now)
    kept = 0
    for day in days:
        with transaction(engine, "maintenance") as connection:
            kept += metrics_retention.keep_day(connection, day)
    with engine.connect() as connection:
        old = metrics_retention.old_months(connection, before)
    dropped = [month for month in old if metrics_retention.drop_month(engine, month)]
    with transaction(engine, "maintenance") as connection:
        strays = metrics_retention.drop_strays(connection, before)
        forgotten = metrics_retention.forget_answers(connection, keep)
    busy = [month for month in old if month not in dropped]
    return Upkeep(made, len(days), kept, dropped, busy, strays, forgotten)
