"""The calendar as CSV: an exported file imports as it is, and calculates nothing in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import clock
from pipeline.scheduling.calendar_csv import REQUIRED, to_csv
from pipeline_tests.scheduling.entries import entry, texts


def rows(*entries):
    return list(csv.DictReader(io.StringIO(to_csv(entries), newline="")))


def test_a_line_says_what_when_and_where_by_the_accounts_clock():
    (row,) = rows(entry(is_pinned=True))
    assert {name: row[name] for name in REQUIRED} == {
        "post": "garden-1",
        "account": "x-main",
        "at": "2026-11-23 09:00:00",
        "timezone": "America/New_York",
    }
    assert (row["utc"], row["status"], row["fixed"]) == ("2026-11-23T14:00:00Z", "scheduled", "yes")


def test_the_second_of_a_repeated_hour_carries_its_offset():
    first, second = rows(
        entry(at=datetime(2026, 11, 1, 5, 30, tzinfo=UTC)), entry(at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    )
    assert first["at"] == "2026-11-01 01:30:00"
    assert second["at"] == "2026-11-01 01:30:00-05:00"


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(available_timezones())),
)
def test_what_is_read_again_is_the_exact_instant_in_every_zone(at, zone):
    (row,) = rows(entry(at=at, timezone=zone))
    assert clock.parse(row["at"], row["timezone"]) == at


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(begins):
    (row,) = rows(entry(title=f"{begins}HYPERLINK(1)"))
    assert row["title"] == f"'{begins}HYPERLINK(1)"


@given(texts)
def test_a_title_stays_in_its_cell_whatever_it_says(title):
    (row,) = rows(entry(title=title))
    assert row["title"].removeprefix("'") == title.removeprefix("'")
    assert row["url"] == ""
