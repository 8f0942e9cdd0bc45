"""Quiet hours, blackouts and holidays close every instant that a clock on the wall would call closed."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import clock
from pipeline.scheduling import closing
from pipeline.scheduling.model import Span
from pipeline_tests.scheduling.zones import changes

EVERY_DAY = range(7)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 10, 30, 45]))


def window_around(day, zone_name, days=2):
    middle = clock.instant(datetime.combine(day, time(12)), zone_name)
    return middle - timedelta(days=days), middle + timedelta(days=days)


def is_quiet(local, begins, ends):
    return begins <= local.time() < ends if begins < ends else not ends <= local.time() < begins


def is_shown_twice(local, zone_name):
    zone = clock.zone(zone_name)
    both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return len(both) == 2 and all(clock.local(each, zone_name) == local for each in both)


@settings(deadline=None)
@given(changes(), TIMES, TIMES)
@example(("America/New_York", date(2026, 3, 8)), time(2, 30), time(5))  # begins in the hour that is skipped
@example(("America/New_York", date(2026, 3, 8)), time(1), time(2, 30))  # ends in it
@example(("America/New_York", date(2026, 11, 1)), time(1), time(1, 30))  # lies in the hour that comes twice
@example(("America/Santiago", date(2026, 9, 6)), time(22), time(0))  # ends at a midnight that is skipped
def test_quiet_hours_close_what_the_clock_on_the_wall_calls_quiet_and_nothing_else(change, begins, ends):
    zone_name, day = change
    window = window_around(day, zone_name)
    closed = closing.merged(closing.quiet(EVERY_DAY, begins, ends, zone_name, window))
    at = window[0]
    while at < window[1]:
        local = clock.local(at, zone_name)
        is_closed = any(span.begins <= at < span.ends for span in closed)
        if is_quiet(local, begins, ends):
            assert is_closed, f"{local} is open"
        elif is_closed:  # between the first showing of the end and the last
            assert is_shown_twice(datetime.combine(local.date(), ends), zone_name) or is_shown_twice(local, zone_name)
        at += timedelta(minutes=5)


@settings(deadline=None)
@given(changes(), TIMES, TIMES)
def test_spans_are_in_order_and_do_not_meet_once_they_are_merged(change, begins, ends):
    zone_name, day = change
    window = window_around(day, zone_name, days=5)
    spans = closing.merged(
        [
            *closing.quiet(EVERY_DAY, begins, ends, zone_name, window),
            *closing.holiday("US", None, zone_name, window),
            *closing.blackout(datetime.combine(day, begins), datetime.combine(day, time.max), "own", zone_name, window),
        ]
    )
    assert all(span.begins < span.ends for span in spans)
    assert all(one.ends < other.begins for one, other in pairwise(spans))


def test_quiet_hours_over_midnight_belong_to_the_day_they_begin_on():
    window = (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    assert list(closing.quiet({5}, time(22), time(7), "UTC", window)) == [  # a Friday
        Span(datetime(2026, 11, 27, 22, tzinfo=UTC), datetime(2026, 11, 28, 7, tzinfo=UTC), "quiet hours 22:00-07:00")
    ]


def test_quiet_hours_that_end_when_they_begin_are_the_whole_day():
    window = (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC))
    (span,) = closing.quiet({5}, time(0), time(0), "UTC", window)
    assert span.ends - span.begins == timedelta(hours=24)


def test_a_holiday_is_the_local_day_whole_and_carries_its_name():
    window = (datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    christmas, second = closing.holiday("DE", "BY", "Europe/Berlin", window)
    assert christmas == Span(
        datetime(2026, 12, 24, 23, tzinfo=UTC), datetime(2026, 12, 25, 23, tzinfo=UTC), "Christmas Day"
    )
    assert second.begins == christmas.ends


def test_a_part_of_a_country_keeps_its_own_holidays():
    window = (datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC))
    assert [span.reason for span in closing.holiday("DE", "BY", "Europe/Berlin", window)] == ["Corpus Christi"]
    assert not list(closing.holiday("DE", "BE", "Europe/Berlin", window))


@pytest.mark.parametrize(
    ("country", "subdivision", "reason"),
    [("XX", None, "two letters in ISO 3166"), ("DE", "NY", "No part of DE is called 'NY'; there are: BB, BE")],
)
def test_holidays_that_nobody_knows_are_refused_with_those_there_are(country, subdivision, reason):
    with pytest.raises(closing.HolidayError, match=reason):
        closing.require_holidays(country, subdivision)


def test_what_closes_the_same_time_twice_is_one_span_with_both_reasons():
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert closing.merged(
        [Span(noon, noon + hour, "b"), Span(noon - hour, noon, "a"), Span(noon, noon + 2 * hour, "a")]
    ) == [Span(noon - hour, noon + 2 * hour, "a; b")]
