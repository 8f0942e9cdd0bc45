"""The rule for the two days a year on which local times and instants disagree."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import clock

ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"]


def test_a_time_that_the_clocks_skip_moves_forward_by_the_gap():
    assert clock.instant(datetime(2026, 3, 8, 2, 30), "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert clock.local(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "America/New_York") == datetime(2026, 3, 8, 3, 30)


def test_a_time_that_the_clocks_repeat_is_its_first_occurrence():
    assert clock.instant(datetime(2026, 11, 1, 1, 30), "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(local=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.none()), zone=st.sampled_from(ZONES))
def test_a_local_time_that_exists_is_kept_to_the_second(local, zone):
    back = clock.local(clock.instant(local, zone), zone)
    exists = (
        local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    )
    assert back == local if exists else timedelta(0) < back - local <= timedelta(hours=1)


def test_an_offset_of_its_own_wins_over_the_zone():
    assert clock.parse("2026-07-01T09:00+02:00", "America/New_York") == datetime(2026, 7, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", ["tomorrow", "", "25:00"])
def test_what_is_not_a_time_is_refused_with_an_example(text):
    with pytest.raises(clock.TimeError, match="write it like"):
        clock.parse(text, "UTC")


def test_a_zone_that_is_not_in_the_list_is_refused():
    with pytest.raises(clock.TimeError, match="IANA"):
        clock.zone("Mars/Olympus")
