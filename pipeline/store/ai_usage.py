"""What the writer's calls cost: one row a call, also of those that failed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import tables


def record(
    connection: sa.Connection,
    calls: Sequence[Mapping[str, Any]],
    *,
    vertical_id: UUID | None = None,
    canonical_id: str | None = None,
) -> None:
    """Add calls, each with the columns' names from `task` to `error`."""
    if calls:
        connection.execute(
            tables.ai_usage.insert(),
            [{**call, "vertical_id": vertical_id, "canonical_id": canonical_id} for call in calls],
        )


def spent_today(connection: sa.Connection) -> Decimal:
    """US dollars since midnight UTC. A call whose price is unknown adds nothing: it can't be counted."""
    return Decimal(
        connection.scalar(
            sa.text("""
                select coalesce(sum(cost_usd), 0) from ai_usage
                where created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
            """)
        )
        or 0
    )
