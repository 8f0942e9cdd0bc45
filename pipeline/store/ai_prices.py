"""Prices of models that go before the list's, and budgets."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import ai_budgets, ai_prices
from pipeline.vocabulary import BudgetPeriod


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """US dollars per million tokens."""

    model: str
    input_usd: Decimal
    cached_input_usd: Decimal
    output_usd: Decimal


def all_prices(connection: sa.Connection) -> list[ModelPrice]:
    p = ai_prices.c
    rows = connection.execute(
        sa.select(p.model, p.input_usd_per_million, p.cached_input_usd_per_million, p.output_usd_per_million).order_by(
            p.model
        )
    )
    return [ModelPrice(*row) for row in rows]


def set_price(connection: sa.Connection, price: ModelPrice) -> None:
    """From the next call on; what was billed keeps the price of its time."""
    values = {
        "input_usd_per_million": price.input_usd,
        "cached_input_usd_per_million": price.cached_input_usd,
        "output_usd_per_million": price.output_usd,
    }
    connection.execute(
        insert(ai_prices)
        .values(model=price.model, **values)
        .on_conflict_do_update(index_elements=["model"], set_=values)
    )


def remove_price(connection: sa.Connection, model: str) -> bool:
    """False where there is none."""
    return connection.execute(ai_prices.delete().where(ai_prices.c.model == model)).rowcount == 1


def set_budget(connection: sa.Connection, vertical_id: UUID | None, period: BudgetPeriod, most_usd: Decimal) -> None:
    """For a vertical, or for all together."""
    connection.execute(
        insert(ai_budgets)
        .values(vertical_id=vertical_id, period=period, most_usd=most_usd)
        .on_conflict_do_update(index_elements=["vertical_id", "period"], set_={"most_usd": most_usd})
    )


def remove_budget(connection: sa.Connection, vertical_id: UUID | None, period: BudgetPeriod) -> bool:
    """False where there is none."""
    b = ai_budgets.c
    gone = connection.execute(
        ai_budgets.delete().where(b.vertical_id.is_not_distinct_from(vertical_id), b.period == period)
    )
    return gone.rowcount == 1
