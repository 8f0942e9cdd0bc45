"""Rules as local times: what RFC 5545 says, and what is refused rather than guessed."""

from datetime import date, datetime, time, timedelta
from itertools import islice

import pytest

from pipeline.scheduling.model import HORIZON
from pipeline.scheduling.recurrence import MOST_SLOTS, RuleError, local_times, pattern, recurrence
from pipeline.vocabulary import RecurringPattern

FIRST = date(2026, 11, 21)  # a Saturday
NINE = (time(9),)


def made(rule, times=NINE, ends_on=None, zone="Europe/Berlin"):
    return recurrence(rule, times, FIRST, ends_on, zone)


def first(rule, count, times=NINE, ends_on=None):
    of = made(rule, times, ends_on)
    return [
        f"{at:%a %m-%d %H:%M}" for at in islice(local_times(of, datetime(2026, 11, 21), datetime(2030, 1, 1)), count)
    ]


@pytest.mark.parametrize(
    ("rule", "times", "expected"),
    [
        ("FREQ=DAILY", (time(9), time(17, 30)), ["Sat 11-21 09:00", "Sat 11-21 17:30", "Sun 11-22 09:00"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH", NINE, ["Tue 11-24 09:00", "Thu 11-26 09:00", "Tue 12-01 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", NINE, ["Mon 11-30 09:00", "Mon 12-14 09:00", "Mon 12-28 09:00"]),
        ("FREQ=MONTHLY;BYDAY=2TU", NINE, ["Tue 12-08 09:00", "Tue 01-12 09:00", "Tue 02-09 09:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", NINE, ["Mon 11-30 09:00", "Thu 12-31 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", NINE, ["Thu 12-31 09:00", "Sun 01-31 09:00", "Wed 03-31 09:00"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", NINE, ["Tue 02-29 09:00"]),
        ("FREQ=DAILY;COUNT=2", (time(9), time(10)), ["Sat 11-21 09:00", "Sat 11-21 10:00", "Sun 11-22 09:00"]),
        ("FREQ=HOURLY;INTERVAL=7", (), ["Sat 11-21 00:00", "Sat 11-21 07:00", "Sat 11-21 14:00"]),
        ("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=15", (), ["Sat 11-21 08:15", "Sat 11-21 20:15", "Sun 11-22 08:15"]),
    ],
)
def test_a_rule_comes_when_rfc_5545_says(rule, times, expected):
    assert first(rule, len(expected), times) == expected


def test_a_rule_counts_its_intervals_from_its_first_day_whatever_the_window():
    of = made("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA")
    later = datetime(2027, 3, 1)
    assert list(local_times(of, later, later + timedelta(days=20))) == [
        datetime(2027, 3, 13, 9),
    ]


def test_the_window_has_its_beginning_and_not_its_end():
    of = made("FREQ=DAILY")
    assert list(local_times(of, datetime(2026, 12, 1, 9), datetime(2026, 12, 3, 9))) == [
        datetime(2026, 12, 1, 9),
        datetime(2026, 12, 2, 9),
    ]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261123", "Mon 11-23 17:00"),  # a day is in it whole
        ("20261123T170000", "Mon 11-23 17:00"),
        ("20261123T160000Z", "Mon 11-23 17:00"),  # 17:00 in Berlin
        ("20261123T075959Z", "Sun 11-22 17:00"),
    ],
)
def test_until_ends_a_rule_by_the_accounts_clock(until, last):
    assert first(f"FREQ=DAILY;UNTIL={until}", 99, (time(9), time(17)))[-1] == last


def test_of_two_ends_the_earlier_counts():
    assert made("FREQ=DAILY;UNTIL=20261201", ends_on=date(2026, 11, 25)).ends_on == date(2026, 11, 25)
    assert made("FREQ=DAILY;UNTIL=20261122", ends_on=date(2026, 11, 25)).ends_on == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("rule", "times", "reason"),
    [
        ("FREQ=WEEKLYY", NINE, "FREQ must be one of HOURLY, DAILY"),
        ("FREQ=MINUTELY", (), "FREQ must be one of"),
        ("", NINE, "it is missing"),
        ("FREQ=DAILY;INTERVAL=0", NINE, "INTERVAL must be a whole number from 1 on"),  # dateutil would not return
        ("FREQ=WEEKLY;BYDAY=2TU", NINE, "counts days, which only"),  # dateutil would drop the 2
        ("FREQ=MONTHLY;BYSETPOS=1", NINE, "BYSETPOS chooses among"),
        ("FREQ=DAILY;BYDAY=XX", NINE, "invalid 'BYDAY': XX"),
        ("FREQ=DAILY;SOMETHING=1", NINE, "unknown parameter 'SOMETHING'"),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", NINE, "never comes"),
        ("FREQ=DAILY;COUNT=0", NINE, "never comes"),
        ("DTSTART:20260101T090000\nRRULE:FREQ=DAILY", NINE, "without DTSTART"),
        ("FREQ=DAILY", (), "no time of day"),
        ("FREQ=DAILY;BYHOUR=9", NINE, "says its hours itself"),
        ("FREQ=DAILY;UNTIL=20261201T100000", (time(9), time(17)), "ends between two times of one day"),
        ("FREQ=DAILY;UNTIL=soon", NINE, "UNTIL=SOON is no date"),
        ("FREQ=HOURLY;BYMINUTE=0,10,20,30,40", (), f"more than {MOST_SLOTS} slots in {HORIZON.days} days"),
    ],
)
def test_what_is_no_rule_or_never_ends_or_never_comes_is_refused(rule, times, reason):
    with pytest.raises(RuleError, match=reason):
        made(rule, times)


def test_a_rule_is_kept_in_one_form_whatever_it_was_written_as():
    assert made("rrule:byday=tu;freq=weekly; interval=2").rule == "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2"


def test_only_a_plain_day_week_or_month_has_a_word_of_its_own():
    assert pattern("FREQ=WEEKLY;BYDAY=TU") == RecurringPattern.WEEKLY
    assert pattern("FREQ=WEEKLY;INTERVAL=2") is None
    assert pattern("FREQ=HOURLY") is None
