"""`pressroom plan`: looked at in the terminal, then applied."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.store import calendar
from pipeline.store.calendar import Move
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.scheduling import calendars

NIGHT = (datetime.now(UTC) + timedelta(days=2)).replace(hour=3, minute=0, second=0, microsecond=0)


@pytest.fixture
def newsroom(engine):
    """One post that planning would move from the night to another hour, and one that a person placed."""
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada Lovelace", email="ada@example.com", roles=["publisher"])
        factories.user(connection, full_name="Ben Writer", email="ben@example.com", roles=["writer"])
        x = factories.account(
            connection, account_key="x-main", timezone="Asia/Tokyo", posts_per_day=1, credentials_secret_id="db:x"
        )
        of = calendars.post(connection, title="Prune [now] | \x1b[31mlater", reviewed_at=datetime.now(UTC))
        moved = calendars.scheduled(connection, x, NIGHT, of)
        placed = calendars.post(connection, title="Roses", reviewed_at=datetime.now(UTC))
        calendars.scheduled(connection, x, NIGHT + timedelta(hours=4), placed, is_pinned=True)
    return x, moved


def test_it_tells_what_goes_out_when_why_and_what_to_know_of_it(pressroom, newsroom):
    said = pressroom("plan").output
    assert "Plan 1, until" in said
    assert f"{NIGHT + timedelta(hours=9 + 4):%H:%M}" in said  # by the account's clock
    assert f"{NIGHT + timedelta(hours=4):%H:%M} UTC" in said
    assert "Roses" in said
    assert "has its time from a person" in said
    assert "Prune [now] | ␛[31mlater" in said
    assert "from " in said
    assert "x-main: 0 left of 1 (a day)" in said
    assert "x-main: they can't be read, so nobody knows when they end." in said
    assert "Days without anything" in said
    assert "2 to go out; 1 would move." in said
    assert "pressroom plan apply 1" in said


def test_no_line_is_wider_than_a_terminal_of_eighty_columns(pressroom, newsroom, monkeypatch):
    from pipeline.cli import console, layout

    monkeypatch.setattr(layout, "_pipe", console.out)
    monkeypatch.setattr(console.out, "width", 80)
    for line in pressroom("plan").output.splitlines():
        assert len(line.rstrip()) <= 80, line


def test_a_publisher_applies_it_and_nobody_else(pressroom, newsroom, engine):
    _, moved = newsroom
    pressroom("plan")
    refused = pressroom("plan", "apply", "--as", "Ben Writer")
    assert refused.exit_code == 1
    assert "may not set another time" in " ".join(refused.output.split())
    assert factories.row_of(engine, moved).scheduled_for == NIGHT
    assert (
        "Plan 1 is applied: 1 moved, 0 left where they were."
        in pressroom("plan", "apply", "--as", "Ada Lovelace").output
    )
    assert factories.row_of(engine, moved).scheduled_for != NIGHT
    assert "0 would move." in pressroom("plan").output


def test_what_no_longer_fits_is_named_and_the_command_fails(pressroom, newsroom, engine):
    x, moved = newsroom
    pressroom("plan")
    with transaction(engine, "Ada") as connection:
        later = Move(
            distribution_id=moved, platform_id=x, at=NIGHT + timedelta(days=3), timezone="Asia/Tokyo", from_at=NIGHT
        )
        assert calendar.move(connection, [later])
    applied = pressroom("plan", "apply", "--as", "ada@example.com")
    assert applied.exit_code == 1
    assert "Not moved: “Prune [now] | ␛[31mlater” on x-main: it was moved to" in applied.output
    again = pressroom("plan", "apply", "1", "--as", "ada@example.com")
    assert "Plan 1 was applied by Ada Lovelace" in again.output


def test_the_difference_to_the_plan_that_was_applied_last(pressroom, newsroom, engine):
    x, _ = newsroom
    assert "No plan was applied yet" in pressroom("plan", "--diff").output
    pressroom("plan", "apply", "--as", "Ada Lovelace")
    assert "Nothing differs." in pressroom("plan", "--diff").output
    with transaction(engine, "test") as connection:
        lilies = calendars.post(connection, title="Lilies", reviewed_at=datetime.now(UTC))
        calendars.scheduled(connection, x, NIGHT + timedelta(days=2), lilies, is_pinned=True)
    said = pressroom("plan", "--diff").output
    assert "against plan 1, applied" in said
    (line,) = [line for line in said.splitlines() if "Lilies" in line]
    assert line.startswith("+")


def test_one_account_can_be_looked_at_alone_and_must_be_one(pressroom, newsroom, engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="x-other")
    said = pressroom("plan", "--account", "x-other", "--days", "2").output
    assert "Nothing is to go out." in said
    assert "x-main" not in said
    assert "No account is called 'nobody'" in pressroom("plan", "--account", "nobody").output
