"""Calls to a model: answers that were paid for, calls under way, and what budgets say to one more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import tables
from pipeline.vocabulary import BudgetPeriod


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    model: str
    answer: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, in US dollars, as it stands now.

    Attributes:
        vertical: whose it is; None for all together.
        spent_usd: what ended calls cost; those of unknown cost count with the most they can have cost.
        under_way_usd: the most that the calls under way can cost.
        from_settings: it is the environment's, which holds while no day's budget for all is set.
    """

    vertical: str | None
    period: BudgetPeriod
    budget_usd: Decimal
    spent_usd: Decimal
    under_way_usd: Decimal
    starts_again_at: datetime
    from_settings: bool

    @property
    def left_usd(self) -> Decimal:
        return self.budget_usd - self.spent_usd


_STANDINGS: Final = """
    with budgets as (
        select vertical_id, period, most_usd, false as from_settings from ai_budgets
        union all
        select null, 'day', :default_usd, true
        where not exists (select from ai_budgets where vertical_id is null and period = 'day')
    ), periods as (
        select b.*, date_trunc(b.period, now() at time zone 'UTC') as starts_at from budgets b
    )
    select v.slug as vertical, p.period, p.most_usd as budget_usd, p.from_settings,
        (p.starts_at + cast('1 ' || p.period as interval)) at time zone 'UTC' as starts_again_at,
        coalesce((
            select sum(coalesce(u.cost_usd, u.most_usd)) from ai_usage u
            where u.created_at >= p.starts_at at time zone 'UTC'
                and (p.vertical_id is null or u.vertical_id = p.vertical_id)
        ), 0) as spent_usd,
        coalesce((
            select sum(c.most_usd) from ai_calls c where p.vertical_id is null or c.vertical_id = p.vertical_id
        ), 0) as under_way_usd
    from periods p
    left join publisher_verticals v on v.id = p.vertical_id
"""
_STANDINGS_OF: Final = sa.text(f"{_STANDINGS} where p.vertical_id is null or p.vertical_id = :vertical_id")
_ALL_STANDINGS: Final = sa.text(f"{_STANDINGS} order by v.slug nulls first, p.period")

_BURY: Final = sa.text("""
    with dead as (
        delete from ai_calls where ends_before < now() returning *
    )
    insert into ai_usage (task, provider, model, attempt, most_usd, latency_ms, outcome, error, canonical_id,
        vertical_id, content_id, created_at)
    select task, provider, model, attempt, most_usd, 0, 'failed',
        'the process ended before the answer came; what the call cost is not known', canonical_id, vertical_id,
        content_id, started_at
    from dead
""")


def use_again(connection: sa.Connection, key: str) -> KeptAnswer | None:
    """What the request with this key was answered before; counted as a call that was spared."""
    row = connection.execute(
        sa.text("""
            update ai_answers set used_again = used_again + 1 where key = :key returning model, answer, truncated
        """),
        {"key": key},
    ).one_or_none()
    return None if row is None else KeptAnswer(row.model, row.answer, row.truncated)


def one_at_a_time(connection: sa.Connection) -> None:
    """Until the transaction ends nobody else decides whether a call may begin. Calls whose process died are billed."""
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('ai budgets'))"))
    connection.execute(_BURY)


def standings_of(connection: sa.Connection, vertical_id: UUID, default_usd: Decimal) -> list[Standing]:
    """The budgets that a call for a vertical must keep to."""
    values = {"vertical_id": vertical_id, "default_usd": default_usd}
    return [_standing(row) for row in connection.execute(_STANDINGS_OF, values).mappings()]


def all_standings(connection: sa.Connection, default_usd: Decimal) -> list[Standing]:
    """Those of all verticals together first."""
    return [_standing(row) for row in connection.execute(_ALL_STANDINGS, {"default_usd": default_usd}).mappings()]


def begin(connection: sa.Connection, call: Mapping[str, Any], *, lasts_seconds: float) -> int:
    """Note a call as under way; returns its number."""
    begun: int = connection.execute(
        tables.ai_calls.insert()
        .values(**call, ends_before=sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, lasts_seconds))
        .returning(tables.ai_calls.c.id)
    ).scalar_one()
    return begun


def end(
    connection: sa.Connection, number: int, bill: Mapping[str, Any], answer: Mapping[str, Any] | None = None
) -> None:
    """Put a call's bill in its place, with the answer where it need not be asked again.

    A call that was taken for dead in the meantime has its bill twice: once as unknown, once as it is.
    """
    connection.execute(tables.ai_calls.delete().where(tables.ai_calls.c.id == number))
    connection.execute(tables.ai_usage.insert().values(**bill))
    if answer is not None:
        connection.execute(insert(tables.ai_answers).values(**answer).on_conflict_do_nothing(index_elements=["key"]))


def _standing(row: sa.RowMapping) -> Standing:
    return Standing(**{**row, "period": BudgetPeriod(row["period"])})
