"""What reading may cost."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipeline.measurement.metrics.budget import affordable, allowance, price_of
from pipeline.platforms.offer import Prices
from pipeline.store.metrics import DuePublication
from pipeline.store.metrics_reads import Reading

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
X = Prices(Decimal("0.001"), Decimal("0.005"), Decimal("0.01"), old_after=timedelta(days=30))


def publications(*days):
    return [DuePublication(uuid.uuid4(), str(age), NOW - timedelta(days=age)) for age in days]


def test_half_a_months_budget_is_there_by_the_middle_of_the_month():
    assert allowance(Reading(None, Decimal(30), Decimal(0)), NOW) == Decimal(15)
    assert allowance(Reading(None, Decimal(30), Decimal(14)), NOW) == Decimal(1)
    assert allowance(Reading(None, Decimal(30), Decimal(20)), NOW) == Decimal(0)
    assert allowance(Reading(None, Decimal(30), Decimal(20)), datetime(2026, 11, 30, tzinfo=UTC)) == Decimal(10)


def test_no_budget_is_no_limit_and_a_budget_of_nothing_pays_for_nothing_but_what_is_free():
    assert allowance(Reading(None, None, Decimal(99)), NOW) is None
    none = allowance(Reading(None, Decimal(0), Decimal(0)), NOW)
    assert affordable(publications(1, 2), X, none, NOW) == 0
    assert affordable(publications(1, 2), None, none, NOW) == 2


def test_an_old_publication_costs_its_own_price():
    assert price_of(publications(1, 31), X, NOW) == Decimal("0.006")
    assert price_of(publications(1, 31), None, NOW) == 0


@given(ages=st.lists(st.integers(0, 90)), cents=st.integers(0, 100))
def test_what_is_affordable_never_costs_more_than_there_is_and_one_more_would(ages, cents):
    due, left = publications(*ages), Decimal(cents) / 1000
    count = affordable(due, X, left, NOW)
    assert price_of(due[:count], X, NOW) <= left
    assert count == len(due) or price_of(due[: count + 1], X, NOW) > left
