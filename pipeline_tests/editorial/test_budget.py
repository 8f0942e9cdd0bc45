"""Budgets and the book: nothing is called that is not allowed, and nothing is paid for twice."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.budget import BudgetExceededError, UnknownPriceError
from pipeline.settings import settings
from pipeline.store import ai_costs, ai_prices, tables
from pipeline.store.ai_prices import ModelPrice
from pipeline.vocabulary import AiOutcome, BudgetPeriod
from pipeline.writing.base import Source
from pipeline.writing.calls import Answer, Call, Price, Usage
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.writing.stand_in import MODEL, Endpoint, endpoint, obliging

SOURCE = Source("Otters hold hands while they sleep.", "Otters")


@pytest.fixture
def vertical_id(engine: sa.Engine) -> UUID:
    with engine.begin() as connection:
        return factories.vertical(connection, slug="nature")


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as running:
        running.replies = [obliging()]
        yield running


def writer(
    server: Endpoint, model: str = MODEL, prices: Mapping[str, Price] = MappingProxyType({})
) -> OpenAICompatibleWriter:
    return OpenAICompatibleWriter(base_url=server.base_url, model=model, prices=prices)


def call(key: str = "k", most_usd: str | None = "1", **values: Any) -> Call:
    most = None if most_usd is None else Decimal(most_usd)
    return Call(**{"key": key, "task": "t", "provider": "p", "model": "m", "most_usd": most, "seconds": 60, **values})


def cost(usd: str | None, **values: Any) -> Usage:
    return Usage("m", 5, AiOutcome.OK, cost_usd=None if usd is None else Decimal(usd), **values)


def usages(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("select * from ai_usage order by id")))


def spent(engine: sa.Engine, usd: int, at: str = "now()", **values: Any) -> None:
    with engine.begin() as connection:
        row = {"task": "x", "provider": "x", "model": "x", "latency_ms": 1, "outcome": "ok", "cost_usd": usd}
        connection.execute(tables.ai_usage.insert().values(**row, **values, created_at=sa.text(at)))


def set_budget(engine: sa.Engine, usd: str, vertical_id: UUID | None = None, period: str = "day") -> None:
    with engine.begin() as connection:
        ai_prices.set_budget(connection, vertical_id, BudgetPeriod(period), Decimal(usd))


def test_a_call_is_on_the_books_with_its_tokens_its_price_and_its_post(engine, vertical_id, server):
    writer(server).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id, canonical_id="nature-1"))
    [bill] = usages(engine)
    assert (bill.task, bill.model, bill.outcome, bill.attempt) == ("analyse", MODEL, "ok", 1)
    assert (bill.input_tokens, bill.cached_input_tokens, bill.output_tokens) == (1000, 400, 200)
    assert bill.cost_usd == Decimal("0.00024")
    assert (bill.input_usd_per_million, bill.cached_input_usd_per_million) == (Decimal("0.15"), Decimal("0.075"))
    assert bill.output_usd_per_million == Decimal("0.6")
    assert bill.price_list.startswith("genai-prices ")
    assert (bill.vertical_id, bill.canonical_id) == (vertical_id, "nature-1")


def test_what_was_answered_is_never_asked_again_and_what_that_saved_is_counted(engine, vertical_id, server):
    for _ in range(3):
        writer(server).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id, canonical_id="nature-1"))
    assert len(server.requests) == 1
    with engine.connect() as connection:
        paid = ai_costs.cost_of(connection, ["nature-1"])["nature-1"]
    assert (paid.calls, paid.cost_usd, paid.saved_by_keeping_usd) == (1, Decimal("0.00024"), Decimal("0.00048"))
    # 400 tokens at 0.075 dollars a million less
    assert paid.saved_by_cache_usd == Decimal("0.00003")


def test_over_the_budget_nothing_is_called_and_it_goes_on_by_itself_tomorrow(engine, vertical_id, server):
    spent(engine, 5)
    with pytest.raises(BudgetExceededError, match="today has no room") as caught:
        writer(server).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id))
    assert server.requests == []
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert caught.value.not_before == midnight
    with engine.begin() as connection:
        connection.execute(sa.text("update ai_usage set created_at = created_at - interval '1 day'"))
    writer(server).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id))
    assert len(server.requests) == 1


def test_threads_together_never_overrun_a_budget(engine, vertical_id):
    """Each call is let in only while the most it can cost still fits; each then costs all of it."""
    set_budget(engine, "10")
    book = budget.book(engine, vertical_id=vertical_id)

    def one(number: int) -> bool:
        try:
            entry = book.admit(call(f"k{number}"))
        except BudgetExceededError:
            return False
        entry.keep(cost("1"), None)
        return True

    with ThreadPoolExecutor(16) as pool:
        let_in = sum(pool.map(one, range(40)))
    assert let_in == 10
    assert sum(bill.cost_usd for bill in usages(engine)) == 10


def test_a_call_waits_for_those_under_way_rather_than_for_tomorrow(engine, vertical_id, monkeypatch):
    monkeypatch.setattr(budget, "_LOOK_AGAIN_SECONDS", 0.01)
    set_budget(engine, "1.5")
    book = budget.book(engine, vertical_id=vertical_id)
    first = book.admit(call())
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(book.admit, call("other"))
        assert not second.done()
        first.keep(cost("0.1"), None)
        second.result(timeout=10).keep(cost("0.1"), None)
    assert len(usages(engine)) == 2


def test_a_call_waits_no_longer_than_told_for_those_under_way(engine, vertical_id, monkeypatch):
    monkeypatch.setattr(budget, "_LONGEST_WAIT_SECONDS", 0.0)
    set_budget(engine, "1.5")
    book = budget.book(engine, vertical_id=vertical_id)
    book.admit(call())
    with pytest.raises(BudgetExceededError, match="under way") as caught:
        book.admit(call("other"))
    assert caught.value.not_before is not None
    assert caught.value.not_before - datetime.now(UTC) < timedelta(minutes=10)


def test_a_call_whose_process_died_counts_with_the_most_it_can_have_cost(engine, vertical_id):
    set_budget(engine, "1.5")
    book = budget.book(engine, vertical_id=vertical_id, canonical_id="nature-1")
    book.admit(call(seconds=-1.0))
    with pytest.raises(BudgetExceededError):
        book.admit(call("other"))
    set_budget(engine, "2.5")
    book.admit(call("other"))
    [bill] = usages(engine)
    assert (bill.outcome, bill.cost_usd, bill.most_usd, bill.canonical_id) == ("failed", None, 1, "nature-1")
    assert "process ended" in bill.error


def test_an_unknown_cost_counts_with_the_most_it_can_be_and_a_refused_call_with_nothing(engine, vertical_id):
    set_budget(engine, "2")
    book = budget.book(engine, vertical_id=vertical_id)
    book.admit(call()).keep(cost(None, free=True), None)
    book.admit(call()).keep(cost(None), None)
    book.admit(call()).keep(cost("0.5"), None)
    with pytest.raises(BudgetExceededError):
        book.admit(call())


def test_a_verticals_budget_binds_it_alone_and_the_months_binds_beyond_the_day(engine, vertical_id):
    with engine.begin() as connection:
        other = factories.vertical(connection, slug="cars")
    set_budget(engine, "3", vertical_id, "month")
    spent(engine, 3, "date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'", vertical_id=vertical_id)
    with pytest.raises(BudgetExceededError, match="for nature this month") as caught:
        budget.book(engine, vertical_id=vertical_id).admit(call())
    assert caught.value.not_before is not None
    assert caught.value.not_before.day == 1
    set_budget(engine, "100")
    budget.book(engine, vertical_id=other).admit(call())


def test_the_environments_budget_holds_until_one_is_set_for_the_day(engine, vertical_id, monkeypatch):
    monkeypatch.setattr(settings(), "writer_budget_usd_per_day", 0.5)
    book = budget.book(engine, vertical_id=vertical_id)
    with pytest.raises(BudgetExceededError, match="PRESSROOM_WRITER_BUDGET_USD_PER_DAY"):
        book.admit(call())
    set_budget(engine, "2")
    book.admit(call())


def test_a_model_of_unknown_price_is_not_called_until_a_price_is_set(engine, vertical_id, server):
    book = budget.book(engine, vertical_id=vertical_id)
    with pytest.raises(UnknownPriceError, match="costs prices set house-7") as caught:
        writer(server, "house-7").analyse(SOURCE, book)
    assert server.requests == []
    assert caught.value.not_before is not None
    free = Price("own", Decimal(0), Decimal(0), Decimal(0))
    writer(server, "house-7", {"house-7": free}).analyse(SOURCE, book)
    assert usages(engine)[0].cost_usd is not None


def test_repairs_are_checked_against_the_budget_too(engine, vertical_id, server):
    server.replies = [obliging(change=lambda _: {"no": "analysis"}), obliging()]
    own = Price("own", Decimal(0), Decimal(0), Decimal(1000))  # 200 tokens cost 0.20, and 4000 at most 4
    set_budget(engine, "4.1")
    with pytest.raises(BudgetExceededError):
        writer(server, prices={MODEL: own}).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id))
    assert [(bill.outcome, bill.cost_usd) for bill in usages(engine)] == [("invalid", Decimal("0.2"))]
    set_budget(engine, "10")
    writer(server, prices={MODEL: own}).analyse(SOURCE, budget.book(engine, vertical_id=vertical_id))
    assert [bill.outcome for bill in usages(engine)] == ["invalid", "ok"]
    assert len(server.requests) == 2


def test_a_price_that_changes_leaves_old_bills_as_they_are(engine, vertical_id):
    with engine.begin() as connection:
        ai_prices.set_price(connection, ModelPrice("m", Decimal(1), Decimal(1), Decimal(2)))
        ai_prices.set_price(connection, ModelPrice("m", Decimal(3), Decimal(3), Decimal(4)))
        assert ai_prices.all_prices(connection) == [ModelPrice("m", Decimal(3), Decimal(3), Decimal(4))]
        assert ai_prices.remove_price(connection, "m")
        assert not ai_prices.remove_price(connection, "m")
    book = budget.book(engine, vertical_id=vertical_id)
    old = Price("own", Decimal(1), Decimal(1), Decimal(2))
    book.admit(call()).keep(cost("0.1", price=old), Answer("a", "m"))
    [bill] = usages(engine)
    assert (bill.price_list, bill.output_usd_per_million, bill.answer_key) == ("own", 2, "k")


def test_costs_are_summed_by_whatever_one_asks(engine, vertical_id):
    book = budget.book(engine, vertical_id=vertical_id, canonical_id="nature-1")
    book.admit(call("a")).keep(cost("0.2", input_tokens=10), None)
    book.admit(call("b")).keep(Usage("m", 5, AiOutcome.FAILED), None)
    since = datetime.now(UTC) - timedelta(days=1)
    with engine.connect() as connection:
        asked: list[tuple[ai_costs.By, str]] = [
            ("vertical", "nature"),
            ("post", "nature-1"),
            ("task", "t"),
            ("model", "m"),
        ]
        for by, name in asked:
            [(found, paid)] = ai_costs.costs_by(connection, by, since, rows=5)
            assert (found, paid.calls, paid.failed, paid.unpriced, paid.cost_usd) == (name, 2, 1, 1, Decimal("0.2"))
        assert ai_costs.total(connection, since).input_tokens == 10
        assert ai_costs.cost_of(connection, ["nobody"]) == {}
        assert len(ai_costs.bills_of(connection, "nature-1")) == 2
