"""Verticals of which nothing goes out for a while: since when, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_verticals

_v = publisher_verticals.c


@dataclass(frozen=True, slots=True)
class Pause:
    since: datetime
    reason: str


def lock(connection: sa.Connection, vertical_id: UUID) -> Pause | None:
    """The vertical's pause, its row locked; None where it has none."""
    row = connection.execute(
        sa.select(_v.paused_at, _v.pause_reason).where(_v.id == vertical_id).with_for_update()
    ).one()
    return None if row.paused_at is None else Pause(row.paused_at, row.pause_reason)


def begin(connection: sa.Connection, vertical_id: UUID, reason: str) -> None:
    connection.execute(
        publisher_verticals.update().where(_v.id == vertical_id).values(paused_at=sa.func.now(), pause_reason=reason)
    )


def end(connection: sa.Connection, vertical_id: UUID) -> None:
    connection.execute(
        publisher_verticals.update().where(_v.id == vertical_id).values(paused_at=None, pause_reason=None)
    )


def waiting(connection: sa.Connection, vertical_id: UUID) -> tuple[int, int]:
    """How many distributions of the vertical are scheduled, and for how many of them it is time already."""
    row = connection.execute(
        sa.text("""
            select count(*) as scheduled, count(*) filter (where d.next_attempt_at <= now()) as due
            from distributions d where d.status = 'scheduled' and d.vertical_id = :vertical_id
        """),
        {"vertical_id": vertical_id},
    ).one()
    return row.scheduled, row.due
