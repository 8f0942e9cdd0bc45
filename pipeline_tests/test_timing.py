"""When each account gets what was approved for an instant."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import clock
from pipeline.timing import Destination, PostingHour, Timing, intended_times, next_posting_time
from pipeline.vocabulary import TimingStrategy
from pipeline_tests.transitions import of_year

MONDAY_8_IN_BERLIN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "UTC"]

hours = st.frozensets(st.builds(PostingHour, st.integers(0, 6), st.integers(0, 23)), max_size=20)
CHANGES = [change for zone in ZONES for year in range(2025, 2030) for change in of_year(zone, year)]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)) | st.builds(
    lambda change, minutes: change.at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-300, 300)
)
destinations = st.lists(
    st.builds(Destination, timezone=st.sampled_from(ZONES), is_home=st.booleans(), posting_hours=hours), max_size=5
)
timings = st.builds(
    Timing, st.sampled_from(TimingStrategy), st.integers(1, 2000).map(lambda minutes: timedelta(minutes=minutes))
)


def account(zone="Europe/Berlin", *, is_home=False, at=()):
    return Destination(zone, is_home, frozenset(PostingHour(day, hour) for day, hour in at))


def berlin(text):
    return clock.parse(text, "Europe/Berlin")


def test_simultaneous_versions_have_one_instant():
    times = intended_times(Timing(), MONDAY_8_IN_BERLIN, [account(is_home=True), account(), account("Asia/Tokyo")])
    assert times == [MONDAY_8_IN_BERLIN] * 3


def test_staggered_versions_follow_the_home_one_after_another():
    timing = Timing(TimingStrategy.STAGGERED, timedelta(minutes=15))
    times = intended_times(timing, MONDAY_8_IN_BERLIN, [account(is_home=True), account(), account()])
    assert times == [berlin(f"2026-11-23 08:{minute}") for minute in ("00", "15", "30")]


def test_without_a_home_the_first_of_the_staggered_goes_out_at_the_instant():
    timing = Timing(TimingStrategy.STAGGERED, timedelta(minutes=15))
    assert intended_times(timing, MONDAY_8_IN_BERLIN, [account(), account()])[0] == MONDAY_8_IN_BERLIN


def test_optimized_versions_wait_for_their_own_good_hour_in_their_own_zone_and_the_home_does_not():
    timing = Timing(TimingStrategy.OPTIMIZED)
    monday_at_9 = [(1, 9)]
    times = intended_times(
        timing,
        MONDAY_8_IN_BERLIN,
        [account(is_home=True, at=monday_at_9), account(at=monday_at_9), account("America/New_York", at=monday_at_9)],
    )
    assert times == [
        MONDAY_8_IN_BERLIN,
        berlin("2026-11-23 09:00"),
        clock.parse("2026-11-23 09:00", "America/New_York"),
    ]


@pytest.mark.parametrize(
    ("approved", "expected"),
    [
        ("2026-11-23 08:00", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 09:00"),
        ("2026-11-23 09:59", "2026-11-23 09:59"),
        ("2026-11-23 10:00", "2026-11-25 14:00"),
        ("2026-11-25 15:00", "2026-11-30 09:00"),
    ],
)
def test_a_good_hour_lasts_an_hour_and_the_next_may_be_in_the_next_week(approved, expected):
    monday_and_wednesday = frozenset({PostingHour(1, 9), PostingHour(3, 14)})
    assert next_posting_time(berlin(approved), "Europe/Berlin", monday_and_wednesday) == berlin(expected)


def test_a_good_hour_that_the_clocks_skip_comes_an_hour_later():
    sunday_at_2 = frozenset({PostingHour(0, 2)})
    spring = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    assert next_posting_time(spring, "Europe/Berlin", sunday_at_2) == berlin("2027-03-28 03:00")


def test_a_good_hour_that_the_clocks_repeat_is_its_first():
    sunday_at_2 = frozenset({PostingHour(0, 2)})
    autumn = datetime(2027, 10, 30, 22, 0, tzinfo=UTC)
    assert next_posting_time(autumn, "Europe/Berlin", sunday_at_2) == datetime(2027, 10, 31, 0, 0, tzinfo=UTC)


def test_an_account_without_good_hours_does_not_wait():
    timing = Timing(TimingStrategy.OPTIMIZED)
    assert intended_times(timing, MONDAY_8_IN_BERLIN, [account()]) == [MONDAY_8_IN_BERLIN]


@settings(deadline=None)
@given(timings, instants, destinations)
def test_nothing_is_before_its_approval_or_its_home_and_the_home_is_on_time(timing, approved, to):
    times = intended_times(timing, approved, to)
    assert len(times) == len(to)
    assert min(times, default=approved) >= approved
    assert all(at == approved for at, account in zip(times, to, strict=True) if account.is_home)


@settings(deadline=None)
@given(instants, st.sampled_from(ZONES), hours.filter(bool))
def test_the_next_good_hour_is_a_good_hour_and_none_is_passed_over(moment, zone, good):
    found = next_posting_time(moment, zone, good)

    def good_at(instant):
        here = instant.astimezone(ZoneInfo(zone))
        return PostingHour(here.isoweekday() % 7, here.hour) in good

    assert good_at(found) or any(change.at <= found < change.at + timedelta(hours=1) for change in CHANGES)
    quarters = (found - moment) // timedelta(minutes=15)
    passed = [
        moment + n * timedelta(minutes=15) for n in range(quarters) if good_at(moment + n * timedelta(minutes=15))
    ]
    assert passed == []
