"""Snapshots of figures, and which publications are due for one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import distribution_metrics, distributions, platforms


@dataclass(frozen=True, slots=True)
class DuePublication:
    id: UUID
    external_id: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Figures of one publication at one moment; None is unknown."""

    impressions: int | None
    reach: int | None
    engagements: int | None
    clicks: int | None
    shares: int | None
    comments: int | None
    likes: int | None
    saves: int | None
    video_views: int | None
    video_watch_time_seconds: int | None
    platform_metrics: Mapping[str, Any]


_LATEST = ("impressions", "reach", "engagements", "clicks", "shares", "comments", "likes", "saves")


def due(connection: sa.Connection, account_id: UUID, limit: int = 1000) -> list[DuePublication]:
    """The account's publications whose next snapshot is due, longest waiting first."""
    rows = connection.execute(
        sa.text("""
            select id, external_id, published_at from distributions
            where platform_id = :account_id and status = 'published' and next_metrics_at <= now()
                and external_id is not null
            order by next_metrics_at
            limit :limit
        """),
        {"account_id": account_id, "limit": limit},
    )
    return [DuePublication(row.id, row.external_id, row.published_at) for row in rows]


def store(
    connection: sa.Connection, publication: DuePublication, snapshot: Snapshot, now: datetime, next_at: datetime | None
) -> None:
    """One snapshot for this hour (a second one in the same hour replaces it), and the latest figures on the row.

    Rates are fractions of 1, null where what they divide by is unknown or zero.
    """
    values = asdict(snapshot)
    row = {
        **values,
        "distribution_id": publication.id,
        "recorded_at": now,
        "recorded_hour": now.replace(minute=0, second=0, microsecond=0),
        "hours_since_publish": max(0, (now - publication.published_at) // timedelta(hours=1)),
    }
    statement = insert(distribution_metrics).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["distribution_id", "recorded_hour"],
            set_={name: statement.excluded[name] for name in (*values, "recorded_at", "hours_since_publish")},
        )
    )
    connection.execute(
        distributions.update()
        .where(distributions.c.id == publication.id)
        .values(
            **{name: values[name] for name in _LATEST},
            engagement_rate=_rate(snapshot.engagements, snapshot.impressions),
            click_through_rate=_rate(snapshot.clicks, snapshot.impressions),
            next_metrics_at=next_at,
        )
    )


def ensure_partitions(connection: sa.Connection, *, months_ahead: int = 3) -> int:
    """Make the monthly partitions up to so many months from now; returns how many were missing."""
    return int(connection.scalar(sa.select(sa.func.ensure_metrics_partitions(months_ahead))) or 0)


def postpone(connection: sa.Connection, publication_id: UUID, next_at: datetime | None) -> None:
    """Nothing was learnt of it this time."""
    connection.execute(
        distributions.update().where(distributions.c.id == publication_id).values(next_metrics_at=next_at)
    )


def mark_gone(connection: sa.Connection, publication_id: UUID) -> None:
    """It is no longer on the platform: its figures stay, and it is not asked for again."""
    connection.execute(
        distributions.update()
        .where(distributions.c.id == publication_id)
        .values(metrics_state="gone", next_metrics_at=None)
    )


def synced(connection: sa.Connection, account_id: UUID, now: datetime) -> None:
    connection.execute(platforms.update().where(platforms.c.id == account_id).values(last_metrics_sync_at=now))


def _rate(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
