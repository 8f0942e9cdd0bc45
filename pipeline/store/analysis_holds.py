"""Verticals for which no analysis is begun, since a budget has no room for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import ai_calls
from pipeline.store.tables import analysis_holds


@dataclass(frozen=True, slots=True)
class Hold:
    """`needs_usd` is the most that the call could have cost; it may begin before `until` once there is room for it.

    None: there is none before.
    """

    until: datetime
    needs_usd: Decimal | None


def hold(connection: sa.Connection, holds: Mapping[UUID, Hold]) -> None:
    """Of each vertical the latest one counts."""
    rows = [
        {"vertical_id": vertical_id, "until": each.until, "needs_usd": each.needs_usd}
        for vertical_id, each in sorted(holds.items())
    ]
    if rows:
        statement = insert(analysis_holds).values(rows)
        kept = {name: statement.excluded[name] for name in ("until", "needs_usd")}
        connection.execute(statement.on_conflict_do_update(index_elements=["vertical_id"], set_=kept))


def held(connection: sa.Connection, default_usd: Decimal) -> list[UUID]:
    """The verticals for which nothing could be called now; `default_usd` is the day's budget where none is set."""
    holds = connection.execute(
        sa.select(analysis_holds.c.vertical_id, analysis_holds.c.needs_usd).where(
            analysis_holds.c.until > sa.func.now()
        )
    ).all()
    return [
        row.vertical_id
        for row in holds
        if row.needs_usd is None
        or any(
            standing.left_usd < row.needs_usd
            for standing in ai_calls.standings_of(connection, row.vertical_id, default_usd)
        )
    ]
