"""The coming days: each entry and each free slot on its account's own date."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipeline import clock
from pipeline.scheduling.agenda import Account, Room, arrange
from pipeline.scheduling.model import Span
from pipeline.store.outlook import CalendarRow
from pipeline.vocabulary import SlotType
from pipeline_tests.scheduling.entries import AT, entry

BEGINS = date(2026, 11, 23)


def slot(at, slot_type=SlotType.REGULAR, *, locked=False):
    return CalendarRow(UUID(int=0), at, slot_type, None, locked, True, None)


def test_an_entry_is_on_the_date_that_its_account_has():
    late = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    found = arrange([], [entry(at=late), entry(at=late, timezone="Asia/Tokyo")], begins=BEGINS, days=2)
    assert [[each.timezone for each in day.entries] for day in found] == [["America/New_York"], ["Asia/Tokyo"]]


def test_free_slots_are_counted_by_type_and_none_that_is_locked_or_closed():
    noon = AT + timedelta(hours=3)
    closed = [Span(noon, noon + timedelta(hours=1), "lunch")]
    slots = [
        slot(AT, SlotType.PRIME),
        slot(AT + timedelta(hours=1)),
        slot(noon),
        slot(AT + timedelta(hours=5), locked=True),
    ]
    (day,) = arrange([Account("x-main", "America/New_York", slots, closed)], [], begins=BEGINS, days=1)
    assert day.room["x-main"].free == {SlotType.PRIME: 1, SlotType.REGULAR: 1}
    assert day.room["x-main"].locked == 1
    assert day.closed == {}


def test_a_day_is_closed_where_one_span_covers_all_of_it_and_has_the_hours_that_the_clocks_leave_it():
    zone = "America/New_York"
    span = Span(clock.instant(datetime(2026, 11, 1), zone), clock.instant(datetime(2026, 11, 2), zone), "All Saints")
    first, second = arrange([Account("x-main", zone, closed=[span])], [], begins=date(2026, 11, 1), days=2)
    assert first.closed == {"x-main": "All Saints"}
    assert first.clocks == {zone: 25.0}
    assert (second.closed, second.clocks) == ({}, {})


@given(
    st.lists(st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 10), timezones=st.just(UTC)), max_size=30),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"]),
)
def test_no_slot_is_lost_or_counted_twice_on_the_days_on_which_clocks_change(instants, zone):
    begins, days = date(2026, 10, 15), 40
    found = arrange([Account("x", zone, [slot(at) for at in instants])], [], begins=begins, days=days)
    assert sum(day.room.get("x", Room()).free.total() for day in found) == len(instants)
