"""Times as people write them are understood or refused, and read back as they were meant."""

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scheduling.recurrence import RuleError
from pipeline.scheduling.written import local_window, rule_of, told_days, told_rule, told_times, weekdays


@pytest.mark.parametrize(
    ("when", "every", "rule", "told"),
    [
        ("tue,thu 09:00,17:30", None, "FREQ=WEEKLY;BYDAY=TU,TH", "Tue, Thu 09:00, 17:30"),
        ("Mon-Fri 9:00", None, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Mon-Fri 09:00"),
        ("fri - mon 9:00", None, "FREQ=WEEKLY;BYDAY=MO,FR,SA,SU", "Mon, Fri-Sun 09:00"),
        ("wednesday 9:00", "2 weeks", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "Wed every 2 weeks 09:00"),
        ("9:00 , 10:00", None, "FREQ=DAILY", "every day 09:00, 10:00"),
        ("9:00", "3 days", "FREQ=DAILY;INTERVAL=3", "every 3 days 09:00"),
        ("9:00", "month", "FREQ=MONTHLY", "every month 09:00"),
        ("1,15,last 12:00", None, "FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "on the 1., 15., last day of the month 12:00"),
        ("2tue,lastfri 9:00", None, "FREQ=MONTHLY;BYDAY=2TU,-1FR", "on the 2. Tue, last Fri of the month 09:00"),
    ],
)
def test_days_and_times_become_a_rule_and_read_back(when, every, rule, told):
    found, times = rule_of(when, every)
    assert (found, told_rule(found, times)) == (rule, told)


@pytest.mark.parametrize(
    ("when", "every", "reason"),
    [
        ("tue", None, "says no times"),
        ("", None, "says no times"),
        ("tue 9:00 10:00", None, "says no times"),
        ("tue 24:00", None, "'24:00' is no time of day"),
        ("tue 09:00:30", None, "is no time of day"),
        ("tu 9:00", None, "'tu' is no day of the week"),
        ("32 9:00", None, "'32' is no day of a month"),
        ("6tue 9:00", None, "is no day of the week"),
        ("1,tue 9:00", None, "mixes days of the week"),
        ("1 9:00", "week", "comes each month; --every says week"),
        ("9:00", "0 days", "is not day, week or month"),
        ("9:00", "fortnight", "is not day, week or month"),
    ],
)
def test_what_can_be_meant_two_ways_or_none_is_refused(when, every, reason):
    with pytest.raises(RuleError, match=reason):
        rule_of(when, every)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_days_read_back_as_the_same_days(days):
    told = told_days(sorted(days))
    assert weekdays("mon-sun" if told == "every day" else told.replace(" ", "")) == sorted(days)


def test_hours_one_after_another_are_told_short_and_half_hours_whole():
    assert told_times([time(hour) for hour in range(7, 23)]) == "07:00-22:00 hourly"
    assert told_times([time(7), time(7, 30), time(8), time(9)]) == "07:00, 07:30, 08:00, 09:00"


def test_a_rule_that_only_rfc_5545_can_say_is_told_in_its_words():
    assert told_rule("FREQ=YEARLY;BYMONTH=3;BYDAY=MO", [time(9)]) == "FREQ=YEARLY;BYMONTH=3;BYDAY=MO 09:00"
    assert told_rule("FREQ=WEEKLY;COUNT=3", [time(9)]) == "FREQ=WEEKLY;COUNT=3 09:00"


def test_a_day_as_the_end_of_a_window_is_in_it_whole():
    assert local_window("2026-12-24", "2026-12-26") == (datetime(2026, 12, 24), datetime(2026, 12, 27))
    assert local_window("2026-12-24", None) == (datetime(2026, 12, 24), datetime(2026, 12, 25))
    assert local_window("2026-12-24T18:00", "2026-12-24 19:00") == (
        datetime(2026, 12, 24, 18),
        datetime(2026, 12, 24, 19),
    )


@pytest.mark.parametrize(
    ("begins", "ends", "reason"),
    [
        ("2026-12-24T18:00", None, "say until when"),
        ("2026-12-24", "2026-12-23", "is not after"),
        ("2026-12-24T18:00+01:00", "2026-12-25", "leave it away"),
        ("Christmas", None, "is no day or time"),
    ],
)
def test_a_window_without_an_end_or_backwards_is_refused(begins, ends, reason):
    with pytest.raises(RuleError, match=reason):
        local_window(begins, ends)
