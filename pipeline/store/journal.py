"""One distribution's history and prospects: what was intended, what happened to it, what is foreseen. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is `status` (a change of it), `attempt` (one call to publish) or `handle` (what a step left there)."""

    at: datetime
    kind: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Warned:
    kind: str
    message: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Intention:
    """When it was to go out, as it was asked for and as an instant; with which others, if it is in a group."""

    scheduled_for: datetime | None
    scheduled_local: datetime | None
    timezone: str
    group_name: str | None
    group_status: str | None
    timing_strategy: str | None


def journal_of(connection: sa.Connection, distribution_id: UUID) -> list[Entry]:
    """Everything that happened to a distribution, in order."""
    rows = connection.execute(
        sa.text("""
            select at, 'status' as kind, concat_ws(' → ', from_status, to_status) as what,
                concat_ws(': ', actor, reason) as detail
            from distribution_events where distribution_id = :id
            union all
            select started_at, 'attempt', coalesce(outcome, 'under way'),
                concat_ws(
                    ', ', worker,
                    'took ' || round(extract(epoch from finished_at - started_at)::numeric, 1) || ' s',
                    error_kind, 'HTTP ' || http_status, error_code, error_message
                )
            from publish_attempts where distribution_id = :id
            union all
            select recorded_at, 'handle', step, handle from publish_handles where distribution_id = :id
            order by at
        """),
        {"id": distribution_id},
    )
    return [Entry(**row) for row in rows.mappings()]


def open_warnings(connection: sa.Connection, distribution_ids: Sequence[UUID]) -> list[Warned]:
    """What was foreseen that may keep them from going out, and still holds."""
    rows = connection.execute(
        sa.text("""
            select kind, message, raised_at from distribution_warnings
            where distribution_id = any (:ids) and resolved_at is null
            order by raised_at
        """),
        {"ids": list(distribution_ids)},
    )
    return [Warned(**row) for row in rows.mappings()]


def intention_of(connection: sa.Connection, distribution_id: UUID) -> Intention:
    row = connection.execute(
        sa.text("""
            select d.scheduled_for, d.scheduled_local, d.timezone, g.name as group_name, g.status as group_status,
                g.timing_strategy
            from distributions d left join cross_post_groups g on g.id = d.cross_post_group_id
            where d.id = :id
        """),
        {"id": distribution_id},
    )
    return Intention(**row.mappings().one())
