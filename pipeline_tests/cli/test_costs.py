"""`pressroom costs`: what was spent, what may be, and what models cost."""

import csv
from decimal import Decimal

import pytest

from pipeline.editorial import budget
from pipeline.vocabulary import AiOutcome
from pipeline.writing.calls import Call, Price, Usage
from pipeline_tests import factories


@pytest.fixture
def vertical_id(engine):
    with engine.begin() as connection:
        return factories.vertical(connection, slug="nature")


@pytest.fixture
def spent(engine, vertical_id):
    """A published post with three calls: one good, one invalid, one of unknown cost."""
    with engine.begin() as connection:
        reviewer = factories.user(connection)
        factories.post(
            connection,
            vertical_id,
            factories.user(connection),
            canonical_id="nature-1",
            status="published",
            human_reviewed=True,
            reviewed_by=reviewer,
            reviewed_at="2026-01-01",
            published_at="now()",
        )
    book = budget.book(engine, vertical_id=vertical_id, canonical_id="nature-1")
    price = Price("genai-prices 0", Decimal("0.15"), Decimal("0.075"), Decimal("0.6"))
    for number, usage in enumerate(
        [
            Usage("gpt-4o-mini", 900, AiOutcome.OK, 12_000, 4_000, 900, Decimal("0.002"), price),
            Usage("gpt-4o-mini", 900, AiOutcome.INVALID, 10, 0, 5, Decimal("0.001"), price, "[red]wrong[/]"),
            Usage("gpt-4o-mini", 900, AiOutcome.FAILED, error="no answer in time"),
        ]
    ):
        call = Call(f"k{number}", "write_article", "p", "gpt-4o-mini", Decimal("0.5"), 60, attempt=number + 1)
        book.admit(call).keep(usage, None)


def test_the_days_are_listed_with_failures_savings_and_the_cost_of_an_article(pressroom, spent):
    shown = pressroom("costs").output
    assert "$0.0030+?" in shown
    assert "No usable answer: 2 of 3 calls, which cost $0.0010." in shown
    assert "Cost not known: 1 of 3 calls" in shown
    assert "Saved by the provider's cache: $0.0003." in shown
    assert "Published articles: 1, at $0.0030 each on average." in shown


@pytest.mark.parametrize(("by", "name"), [("vertical", "nature"), ("post", "nature-1"), ("task", "write_article")])
def test_costs_are_told_by_whatever_one_asks(pressroom, spent, by, name):
    assert name in pressroom("costs", "--by", by).output


def test_a_post_has_its_whole_bill_and_what_a_model_said_marks_nothing_up(pressroom, spent):
    shown = pressroom("costs", "--post", "nature").output
    assert "write_article (attempt 3)" in shown
    assert "[red]wrong[/]" in shown
    assert "no answer in time" in shown
    assert "In all: $0.0030, calls: 3." in shown


def test_eighty_columns_are_enough(pressroom, spent, monkeypatch):
    from pipeline.cli.console import out

    monkeypatch.setattr(type(out), "width", 80)
    for words in (("costs",), ("costs", "--by", "post"), ("costs", "--post", "nature"), ("costs", "budget")):
        shown = pressroom(*words).output
        assert "…" not in shown
        assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_same_goes_into_a_spreadsheet(pressroom, spent, tmp_path):
    for words, column in ((("--by", "task"), "cost_usd"), (("--post", "nature"), "cached_input_usd_per_million")):
        pressroom("costs", *words, "--csv", tmp_path / "costs.csv")
        with (tmp_path / "costs.csv").open() as file:
            assert column in next(csv.DictReader(file))


def test_without_a_call_there_is_nothing_to_tell(pressroom, vertical_id):
    assert "No call to a model" in pressroom("costs").output


def test_budgets_are_set_listed_and_removed(pressroom, vertical_id):
    assert "$5.00" in pressroom("costs", "budget").output
    assert "$2.50 a day" in pressroom("costs", "budget", "set", "day", "2.5").output
    pressroom("costs", "budget", "set", "month", "40", "--vertical", "nature")
    shown = pressroom("costs", "budget", "list").output
    assert "$2.50" in shown
    assert "nature" in shown
    assert "$5.00" not in shown
    assert pressroom("costs", "budget", "remove", "day").exit_code == 0
    gone = pressroom("costs", "budget", "remove", "day")
    assert (gone.exit_code, "no such budget" in gone.output) == (1, True)
    unknown = pressroom("costs", "budget", "set", "day", "1", "--vertical", "mars")
    assert "there are: nature" in unknown.output


def test_prices_are_set_listed_and_removed(pressroom, vertical_id):
    assert "None is set" in pressroom("costs", "prices").output
    pressroom("costs", "prices", "set", "house-7", "--input", "0.5", "--output", "2")
    assert "house-7" in pressroom("costs", "prices", "list").output
    assert pressroom("costs", "prices", "remove", "house-7").exit_code == 0
    assert pressroom("costs", "prices", "remove", "house-7").exit_code == 1


def test_a_model_of_unknown_price_is_told_before_it_is_called(pressroom, vertical_id, monkeypatch):
    from pipeline.settings import settings

    monkeypatch.setattr(settings(), "writer_base_url", "http://127.0.0.1:9/v1")
    monkeypatch.setattr(settings(), "writer_model", "house-8")
    assert "not known: it is not called" in pressroom("costs", "prices").output
