"""`pressroom attribution`, `pressroom costs fees` and `pressroom costs other`, as they are typed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_tests import factories
from pipeline_tests.measurement.attribution import world
from pipeline_tests.measurement.attribution.world import ago


@pytest.fixture
def sold(engine):
    """A post on X that two visitors came by; one also by a link whose tag a stranger wrote."""
    with engine.begin() as connection:
        vertical = factories.vertical(connection, slug="nature", name="Nature")
        post_id = world.post(connection, vertical_id=vertical, canonical_id="nature-1", title="On [red]buds[/]")
        thread, _ = world.publication(connection, "x-main", platform="x", post_id=post_id)
        world.click(connection, "ada", ago(hours=4), thread)
        world.click(connection, "bob", ago(hours=4), thread)
        world.visit(connection, "bob", ago(hours=2), utm_source="\x1b[31mevil[/]")
        for visitor in ("ada", "bob"):
            world.conversion(connection, visitor, ago(hours=1), "20")
        world.conversion(connection, usd=None, value=Decimal(9), currency="XTS")
        world.conversion(connection, usd="5", status="pending")


def test_the_channels_are_told_by_every_model_within_eighty_columns(pressroom, sold, monkeypatch):
    from pipeline.cli.console import out

    monkeypatch.setattr(type(out), "width", 80)
    assert "pressroom attribution run" in pressroom("attribution").output
    assert "4 conversions credited" in pressroom("attribution", "run").output
    shown = pressroom("attribution").output
    line = next(line for line in shown.splitlines() if line.startswith("x-main"))
    assert line.split()[1:4] == ["40.00", "20.00", "30.00"]
    assert "?" in next(line for line in shown.splitlines() if line.startswith("direct"))
    assert "1 conversions that may still be refused" in shown
    assert "\x1b" not in shown
    assert "evil[/]" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_post_is_followed_to_its_profit_within_eighty_columns(pressroom, sold, monkeypatch):
    from pipeline.cli.console import out

    monkeypatch.setattr(type(out), "width", 80)
    pressroom("attribution", "run")
    shown = pressroom("attribution", "trace", "nature").output
    assert "On [red]buds[/]" in shown
    assert "Short links followed: 2." in shown
    assert "Revenue $30.00, cost $0.0150: profit $29.98" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())
    last = pressroom("attribution", "trace", "nature-1", "--model", "last").output
    assert "Revenue $20.00" in last


def test_a_rate_of_ones_own_is_set_listed_ended_and_in_the_profit(pressroom, sold):
    since = f"{ago(days=40):%Y-%m-%d}"
    assert "None is set" in pressroom("costs", "fees").output
    assert (
        "$2.00 a publication" in pressroom("costs", "fees", "set", "x-main", "publication", 2, "--since", since).output
    )
    assert "x-main" in pressroom("costs", "fees", "list").output
    pressroom("attribution", "run")
    assert "cost $2.00" in pressroom("attribution", "trace", "nature").output
    assert pressroom("costs", "fees", "end", "x-main", "publication", "--on", since).exit_code == 0
    pressroom("attribution", "run")
    assert "cost $0.0150" in pressroom("attribution", "trace", "nature").output
    again = pressroom("costs", "fees", "end", "x-main", "publication", "--on", f"{ago() + timedelta(days=1):%Y-%m-%d}")
    assert (again.exit_code, "no rate" in again.output) == (1, True)
    assert "pressroom accounts" in pressroom("costs", "fees", "set", "y", "month", 1).output


def test_another_cost_is_noted_listed_and_taken_back(pressroom, sold):
    assert "None is noted" in pressroom("costs", "other").output
    assert "no. 1" in pressroom("costs", "other", "add", 40, "a [b]drawing[/]", "--post", "nature").output
    pressroom("costs", "other", "add", 7, "office")
    shown = pressroom("costs", "other").output
    assert "a [b]drawing[/]" in shown
    assert "nature-1" in shown
    assert "cost $40.00" in pressroom("attribution", "trace", "nature").output
    both = pressroom("costs", "other", "add", 1, "x", "--post", "nature", "--vertical", "nature")
    assert (both.exit_code, "one of" in both.output) == (1, True)
    assert pressroom("costs", "other", "remove", 1).exit_code == 0
    assert pressroom("costs", "other", "remove", 1).exit_code == 1


def test_anew_works_everything_out_again(pressroom, sold):
    pressroom("attribution", "run")
    assert "4 conversions" in pressroom("attribution", "run", "--anew").output
