"""Snapshots of what publications did, asked for in batches, less often as they age."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pipeline.platforms.base import Adapter, Gone, Metrics
from pipeline.store import metrics
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction

# (until this age, one snapshot every): figures grow fast at first and hardly after a month.
_LADDER = (
    (timedelta(hours=48), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=1)),
    (timedelta(days=90), timedelta(days=7)),
)


@dataclass(slots=True)
class SyncReport:
    """What one account's sync did: how many publications were stored, gone, or without an answer."""

    stored: int = 0
    gone: int = 0
    unanswered: int = 0


def next_snapshot(published_at: datetime, now: datetime) -> datetime | None:
    """When to look again: hourly to 48 h, 6-hourly to 7 d, daily to 30 d, weekly to 90 d, then never (None)."""
    age = now - published_at
    for until, every in _LADDER:
        if age < until:
            return now + every
    return None


def sync_account(engine: sa.Engine, account: AccountRow, adapter: Adapter) -> SyncReport:
    """Take a snapshot of each of the account's publications that is due. No transaction is open while asking.

    Raises:
        PlatformUnavailableError: the platform could not be asked; nothing is stored, all stay due.
    """
    report = SyncReport()
    with engine.connect() as connection:
        publications = metrics.due(connection, account.id)
    answers = adapter.metrics([p.external_id for p in publications]) if publications else {}
    now = datetime.now(UTC)
    with transaction(engine, "metrics sync") as connection:
        for publication in publications:
            next_at = next_snapshot(publication.published_at, now)
            match answers.get(publication.external_id):
                case Metrics() as figures:
                    metrics.store(connection, publication, _snapshot(figures), now, next_at)
                    report.stored += 1
                case Gone():
                    metrics.mark_gone(connection, publication.id)
                    report.gone += 1
                case None:
                    metrics.postpone(connection, publication.id, next_at)
                    report.unanswered += 1
        metrics.synced(connection, account.id, now)
    return report


def _snapshot(figures: Metrics) -> metrics.Snapshot:
    return metrics.Snapshot(**{name: getattr(figures, name) for name in metrics.Snapshot.__dataclass_fields__})
