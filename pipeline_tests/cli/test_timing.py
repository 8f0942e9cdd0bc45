"""`pressroom timing`: what was learned of the hours, in the terminal."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.store import posting_hours, tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.learning.timing import figures


@pytest.fixture
def newsroom(engine):
    """An account whose publications at 20 o'clock do ten times as well as those at 8, and one without any."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with transaction(engine, "test") as connection:
        x = factories.account(connection, account_key="x-main", timezone="UTC")
        factories.account(connection, name="linkedin", account_key="linkedin-main", timezone="UTC")
        days = [now - timedelta(days=day) for day in range(3, 80)]
        figures.add(connection, x, [(day.replace(hour=8), {48: 50 + day.day}) for day in days])
        figures.add(connection, x, [(day.replace(hour=20), {48: 500 + day.day}) for day in days])
    return x


def test_it_learns_and_shows_the_week_with_how_sure_it_is(pressroom, newsroom):
    assert "nothing learned yet" in pressroom("timing").output
    said = pressroom("timing", "x-main", "--learn").output
    assert "Learned: 1 of 2 accounts have enough data." in said
    assert "Learned from 154 publications, at 48 hours of age." in said
    days = [line for line in said.splitlines() if line[:4] in ("Mon ", "Sun ") and ":" not in line]
    assert len(days) == 2
    for line in days:
        assert line[4 + 3 * 20] == "█"
        assert line[4 + 3 * 8 : 6 + 3 * 8] == "░-"
    assert "10% of its versions try hours by a draw" in said
    assert "20:00" in pressroom("timing").output
    said = pressroom("timing", "linkedin-main").output
    assert "Not enough data: 0 publications have known figures" in said


def test_no_line_is_wider_than_a_terminal_of_eighty_columns(pressroom, newsroom, monkeypatch):
    from pipeline.cli import console

    monkeypatch.setattr(console.out, "_width", 80)
    lines = pressroom("timing", "x-main", "--learn").output.splitlines()
    assert max(map(len, lines)) <= 80


def test_stated_hours_are_told_as_such_and_what_can_not_be_read_is_an_error(pressroom, newsroom, engine):
    with transaction(engine, "test") as connection:
        factories.insert(
            connection,
            tables.platform_patterns,
            platform_id=newsroom,
            pattern_type=posting_hours.PATTERN_TYPE,
            pattern_name=posting_hours.PATTERN_NAME,
            pattern_template=[{"day_of_week": 1, "hour": 9}],
        )
    assert "Stated as good, not learned: Mon 09:00." in pressroom("timing", "x-main").output
    assert "stated, not learned: 1 hours" in pressroom("timing").output
    with transaction(engine, "test") as connection:
        connection.execute(tables.platform_patterns.update().values(pattern_template={"hour": 9}))
    result = pressroom("timing", "x-main")
    assert result.exit_code == 1
    assert "The learned posting hours of x-main can't be read" in result.output


def test_an_account_that_nobody_has_is_an_error(pressroom):
    result = pressroom("timing", "nobody")
    assert result.exit_code == 1
    assert "No account is called 'nobody'" in result.output
