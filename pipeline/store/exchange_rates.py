"""Dollars for a unit of another currency, day by day, and what conversions are worth by them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import exchange_rates


@dataclass(frozen=True, slots=True)
class Rate:
    """`usd_per_unit`: dollars for one unit of the currency on the day."""

    currency: str
    date: date
    usd_per_unit: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """From which day to which the rates of a currency go."""

    currency: str
    first: date
    last: date
    days: int


def put(connection: sa.Connection, rates: Sequence[Rate]) -> int:
    """Keep the rates, in place of those of the same days, and price anew what they are of. Returns how many conversions
    are worth something else now, in dollars.

    Raises:
        sqlalchemy.exc.DBAPIError: a rate is not above zero, or its currency is the dollar or no three capitals.
    """
    if not rates:
        return 0
    statement = insert(exchange_rates)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["currency", "date"],
            set_={"usd_per_unit": statement.excluded.usd_per_unit, "source": statement.excluded.source},
        ),
        [asdict(rate) for rate in rates],
    )
    return connection.execute(
        sa.text("""
            update conversions c
            set usd = in_usd(c.value, c.currency, c.occurred_at)
            from unnest(cast(:currencies as text[]), cast(:first as date[]), cast(:last as date[]))
                as new (currency, first, last)
            where c.currency = new.currency and c.currency <> 'USD'
                and c.occurred_at >= new.first at time zone 'UTC'
                and c.occurred_at < (new.last + 8) at time zone 'UTC'
                and c.usd is distinct from in_usd(c.value, c.currency, c.occurred_at)
        """),
        _spans(rates),
    ).rowcount


def _spans(rates: Sequence[Rate]) -> dict[str, list[object]]:
    days: dict[str, list[date]] = {}
    for rate in rates:
        days.setdefault(rate.currency, []).append(rate.date)
    return {
        "currencies": list(days),
        "first": [min(each) for each in days.values()],
        "last": [max(each) for each in days.values()],
    }


def coverage(connection: sa.Connection) -> list[Coverage]:
    """By currency."""
    rows = connection.execute(
        sa.text("""
            select currency, min(date) as first, max(date) as last, count(*) as days
            from exchange_rates group by currency order by currency
        """)
    )
    return [Coverage(**row) for row in rows.mappings()]
