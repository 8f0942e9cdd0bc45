"""Snapshots of figures: which publications are due for one, and what was told of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

GONE_AGAIN_AFTER: Final = timedelta(days=1)
"""A platform that says a publication is gone is asked once more, this much later."""


@dataclass(frozen=True, slots=True)
class DuePublication:
    id: UUID
    external_id: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Figures of one publication as they were `told_at`; None is unknown. `next_at` is when it is asked for again."""

    id: UUID
    told_at: datetime
    next_at: datetime | None
    impressions: int | None = None
    reach: int | None = None
    engagements: int | None = None
    clicks: int | None = None
    shares: int | None = None
    comments: int | None = None
    likes: int | None = None
    saves: int | None = None
    video_views: int | None = None
    video_watch_time_seconds: int | None = None
    followers_gained: int | None = None
    followers_lost: int | None = None
    platform_metrics: Mapping[str, Any] | None = None


FIGURES: Final = tuple(
    field.name for field in fields(Snapshot) if field.name not in ("id", "told_at", "next_at", "platform_metrics")
)
_STORED: Final = ", ".join((*FIGURES, "platform_metrics"))
_REPLACED: Final = ", ".join(
    f"{name} = excluded.{name}" for name in (*FIGURES, "platform_metrics", "recorded_at", "hours_since_publish")
)
_LATEST: Final = ", ".join(
    f"{name} = coalesce(t.{name}, d.{name})" for name in FIGURES if not name.startswith("followers")
)

# One round trip a batch. The rows are locked in order, so that two batches never wait for each other. What was taken
# down meanwhile is left as that left it. `d.id = any (:ids)` keeps the planner from reading the whole table.
_STORE: Final = sa.text(f"""
    with told as (
        select s.*, d.published_at
        from jsonb_to_recordset(:snapshots) as s (
            id uuid, told_at timestamptz, next_at timestamptz, impressions bigint, reach bigint, engagements bigint,
            clicks bigint, shares bigint, comments bigint, likes bigint, saves bigint, video_views bigint,
            video_watch_time_seconds bigint, followers_gained integer, followers_lost integer, platform_metrics jsonb
        )
        join distributions d on d.id = s.id
        where d.id = any (:ids) and d.status = 'published' and d.taken_down_at is null
        order by d.id
        for no key update of d
    ),
    stored as (
        insert into distribution_metrics (distribution_id, recorded_at, recorded_hour, hours_since_publish, {_STORED})
        select id, told_at, date_trunc('hour', told_at),
            greatest(floor(extract(epoch from told_at - published_at) / 3600), 0), {_STORED}
        from told
        on conflict (distribution_id, recorded_hour) do update set {_REPLACED}
    )
    update distributions d
    set {_LATEST},
        engagement_rate = coalesce(rate_of(t.engagements, t.impressions), d.engagement_rate),
        click_through_rate = coalesce(rate_of(t.clicks, t.impressions), d.click_through_rate),
        metrics_state = 'live', metrics_at = t.told_at, next_metrics_at = t.next_at
    from told t
    where d.id = any (:ids) and d.id = t.id
    returning d.id
""").bindparams(sa.bindparam("snapshots", type_=JSONB))  # noqa: S608 - our own text


def due(connection: sa.Connection, account_id: UUID, now: datetime) -> list[DuePublication]:
    """The account's publications whose next snapshot is due, the youngest first: their figures move most."""
    rows = connection.execute(
        sa.text("""
            select id, external_id, published_at from distributions
            where platform_id = :account_id and status = 'published' and next_metrics_at <= :now
                and external_id is not null
            order by published_at desc, id
        """),
        {"account_id": account_id, "now": now},
    )
    return [DuePublication(row.id, row.external_id, row.published_at) for row in rows]


def store(connection: sa.Connection, snapshots: Sequence[Snapshot]) -> list[UUID]:
    """Keep snapshots, one a publication, with their marks of age, and the latest figures on the publications.

    A second snapshot of the same hour replaces the first; hours that are over are never changed. A figure is kept as
    it is told, a fall included. A figure that is unknown now leaves the latest known one standing on the publication,
    as does a rate of which either part is unknown. Returns whose were stored; what was taken down meanwhile is not.
    """
    if not snapshots:
        return []
    ids = [snapshot.id for snapshot in snapshots]
    stored = connection.scalars(_STORE, {"ids": ids, "snapshots": [_as_json(snapshot) for snapshot in snapshots]})
    stored_ids = list(stored)
    connection.execute(
        sa.text("select keep_age_figures(:ids, :since)"),
        {"ids": stored_ids, "since": min(s.told_at for s in snapshots).replace(minute=0, second=0, microsecond=0)},
    )
    return stored_ids


def postpone(connection: sa.Connection, nexts: Mapping[UUID, datetime | None]) -> None:
    """Nothing was learnt of these; each is asked for again at its time."""
    _update(
        connection,
        "next_metrics_at = t.next_at",
        [{"id": str(id_), "next_at": next_at.isoformat() if next_at else None} for id_, next_at in nexts.items()],
    )


def mark_gone(connection: sa.Connection, publication_ids: Sequence[UUID], now: datetime) -> None:
    """Their platform says that they are there no longer. Their figures stay.

    Asked once more a day later, for platforms have lapses; said again, it is believed for good.
    """
    again = (now + GONE_AGAIN_AFTER).isoformat()
    _update(
        connection,
        "metrics_state = 'gone', next_metrics_at = case when d.metrics_state = 'live' then t.next_at end",
        [{"id": str(id_), "next_at": again} for id_ in publication_ids],
    )


def _update(connection: sa.Connection, assignments: str, rows: Sequence[Mapping[str, str | None]]) -> None:
    if not rows:
        return
    statement = sa.text(f"""
        with t as (
            select s.* from jsonb_to_recordset(:rows) as s (id uuid, next_at timestamptz)
            join distributions d on d.id = s.id
            where d.id = any (:ids) and d.status = 'published' and d.taken_down_at is null
            order by d.id
            for no key update of d
        )
        update distributions d set {assignments} from t where d.id = any (:ids) and d.id = t.id
    """)  # noqa: S608 - our own text
    parameters = {"rows": list(rows), "ids": [UUID(row["id"]) for row in rows]}
    connection.execute(statement.bindparams(sa.bindparam("rows", type_=JSONB)), parameters)


def synced(connection: sa.Connection, account_id: UUID, now: datetime) -> None:
    connection.execute(
        sa.text("update platforms set last_metrics_sync_at = :now where id = :id"), {"now": now, "id": account_id}
    )


@contextmanager
def sole_sync(engine: sa.Engine, account_id: UUID) -> Iterator[bool]:
    """Whether nobody else syncs the account; nobody will until the block ends, or this process does."""
    name = {"id": str(account_id)}
    with engine.connect() as connection:
        lock = "hashtextextended('metrics of ' || :id, 0)"
        alone = bool(connection.scalar(sa.text(f"select pg_try_advisory_lock({lock})"), name))
        connection.commit()
        try:
            yield alone
        finally:
            if alone:
                connection.execute(sa.text(f"select pg_advisory_unlock({lock})"), name)
                connection.commit()


def ensure_partitions(connection: sa.Connection, *, months_ahead: int = 3) -> int:
    """Make the monthly partitions up to so many months from now; returns how many were missing."""
    return int(connection.scalar(sa.select(sa.func.ensure_metrics_partitions(months_ahead))) or 0)


def _as_json(snapshot: Snapshot) -> dict[str, Any]:
    next_at = snapshot.next_at.isoformat() if snapshot.next_at else None
    return asdict(snapshot) | {
        "id": str(snapshot.id),
        "told_at": snapshot.told_at.isoformat(),
        "next_at": next_at,
        "platform_metrics": snapshot.platform_metrics or {},
    }
