"""When a publication is asked for again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measurement.metrics.ladder import next_billed, next_snapshot

PUBLISHED = datetime(2026, 10, 20, 10, 50, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MARKS = (1, 6, 24, 48, 168, 720, 2160)


def followed(published_at, ladder, lateness=lambda number: timedelta(0)):
    """When it is looked at by a sync that runs every quarter of an hour, each time so late."""
    at, due, number = published_at, published_at, 0
    found = []
    while due is not None:
        quarter = datetime.fromtimestamp(-(-due.timestamp() // 900) * 900, UTC)
        at = max(quarter, at) + lateness(number)
        found.append(at)
        due = ladder(published_at, at)
        number += 1
    return found


def ages(moments, published_at=PUBLISHED):
    return [(at - published_at) / HOUR for at in moments]


def test_it_is_hourly_to_two_days_then_every_six_hours_then_daily_then_weekly_and_then_never():
    seen = ages(followed(PUBLISHED, next_snapshot))
    stretches = ((0, 48.5), (48.5, 169), (169, 721), (721, 2161))
    # And one at once, which finds out whether it is there.
    assert [sum(low < age <= high for age in seen) for low, high in stretches] == [1 + 48, 20, 23, 9]
    assert seen[-1] == pytest.approx(2160, abs=0.25)


@given(
    minutes=st.integers(0, 59),
    seconds=st.integers(0, 59),
    late=st.lists(st.integers(0, 900), min_size=1, max_size=20),
)
@settings(max_examples=50, deadline=None)
def test_no_hour_of_the_first_two_days_is_missed_however_late_each_sync_is(minutes, seconds, late):
    published_at = PUBLISHED.replace(minute=minutes, second=seconds)
    moments = followed(published_at, next_snapshot, lambda number: timedelta(seconds=late[number % len(late)]))
    whole_hours = [int(age) for age in ages(moments, published_at) if age < 48.9]
    assert set(range(1, 49)) <= set(whole_hours)


@given(late=st.lists(st.integers(0, 600), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_the_ages_at_which_publications_are_compared_are_always_asked_for(late):
    moments = followed(PUBLISHED, next_snapshot, lambda number: timedelta(seconds=late[number % len(late)]))
    for mark in MARKS:
        assert any(mark <= age < mark + 0.6 for age in ages(moments)), mark


def test_after_a_day_without_a_sync_the_times_fall_on_the_same_ages_as_before():
    late = PUBLISHED + timedelta(hours=31, minutes=20)
    assert next_snapshot(PUBLISHED, late) == PUBLISHED + timedelta(hours=32)
    just_before = PUBLISHED + timedelta(hours=31, minutes=58)
    assert next_snapshot(PUBLISHED, just_before) == PUBLISHED + timedelta(hours=33)


def test_what_is_published_by_a_clock_ahead_of_ours_is_looked_at_in_an_hour_of_its_own():
    assert next_snapshot(PUBLISHED, PUBLISHED - timedelta(minutes=5)) == PUBLISHED + HOUR


def test_where_figures_cost_money_each_publication_is_asked_for_some_forty_times_at_the_ages_that_count():
    seen = ages(followed(PUBLISHED, next_billed))
    assert len(seen) <= 43
    for mark in (1, 6, 24, 48):
        assert any(mark <= age < mark + 0.5 for age in seen)
    for mark in (168, 720, 2160):
        assert any(mark * 0.5 < age <= mark * 1.25 for age in seen)


def test_where_figures_cost_money_an_accounts_older_publications_are_asked_for_in_one_hour():
    others = [PUBLISHED + timedelta(minutes=97 * number) for number in range(10)]
    daily = {
        at.hour
        for published_at in others
        for at in followed(published_at, next_billed)
        if timedelta(days=4) < at - published_at < timedelta(days=30)
    }
    assert daily == {1}
