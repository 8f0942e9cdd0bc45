"""The calendar as iCalendar, read back by another parser and held against the rules of RFC 5545 and RFC 7986."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scheduling.ical import to_ical
from pipeline.vocabulary import DistributionStatus
from pipeline_tests.scheduling.entries import AT, entry, texts

_ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "LAST-MODIFIED")


def events(*entries):
    return icalendar.Calendar.from_ical(to_ical(entries)).walk("VEVENT")


def test_an_entry_is_one_instant_in_utc_with_the_accounts_own_time_in_its_text():
    (event,) = events(entry(title="Oil, vinegar; salt\\pepper", is_pinned=True))
    assert event.decoded("dtstart") == AT
    assert event["dtstart"].to_ical() == b"20261123T140000Z"
    assert str(event["summary"]) == "x-main: Oil, vinegar; salt\\pepper"
    assert str(event["description"]).splitlines() == [
        "2026-11-23 09:00:00 America/New_York",
        "scheduled",
        "A person chose this time.",
        "garden-1",
    ]


def test_an_entry_that_moved_is_the_same_event_at_another_time_with_a_higher_sequence():
    (before,), (after,) = events(entry()), events(entry(at=AT + timedelta(hours=3), sequence=1))
    assert before["uid"] == after["uid"] == str(UUID(int=1))
    assert after.decoded("dtstart") - before.decoded("dtstart") == timedelta(hours=3)
    assert after["sequence"] > before["sequence"]


def test_what_is_held_is_uncertain_and_says_why_and_what_is_live_has_its_address():
    held, live = events(
        entry(status=DistributionStatus.HELD, note="held: ask the lawyer"),
        entry(status=DistributionStatus.PUBLISHED, url="https://x.example/a b/ü"),
    )
    assert held["status"] == "TENTATIVE"
    assert "held: ask the lawyer" in held["description"]
    assert live["status"] == "CONFIRMED"
    assert live["url"] == "https://x.example/a%20b/%C3%BC"


def test_equal_calendars_are_equal_bytes_whenever_they_are_written():
    assert to_ical([entry()]) == to_ical([entry()])
    (event,) = events(entry())
    assert event.decoded("dtstamp") == event.decoded("last-modified") == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def test_nothing_that_a_title_says_becomes_a_line_of_its_own():
    hostile = "A\r\nATTENDEE:mailto:a@b.example\nEND:VEVENT\r\nBEGIN:VALARM\u2028X\x85Y\x07\x00"
    url = "https://x.example/\r\nATTACH:file:///etc/passwd"
    note = "held: a\r\nMETHOD:CANCEL"
    written = to_ical([entry(title=hostile, note=note, status=DistributionStatus.PUBLISHED, url=url)]).decode()
    names = {re.split("[;:]", line)[0] for line in re.sub("\r\n ", "", written).split("\r\n")}
    assert names.isdisjoint({"ATTENDEE", "ATTACH", "METHOD"})
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028]", written)
    (event,) = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert event.subcomponents == []


@given(st.lists(st.tuples(texts, texts), max_size=5), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_every_calendar_keeps_the_rules_and_is_read_back_as_it_was(texts_of_each, at):
    at = at.replace(tzinfo=UTC)
    given = [
        entry(distribution_id=UUID(int=n), title=title, note=note, at=at, url=f"https://x.example/{title}")
        for n, (title, note) in enumerate(texts_of_each)
    ]
    written = to_ical(given)
    lines = written.split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    for line in lines:
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode()  # no character is cut in two
    calendar = icalendar.Calendar.from_ical(written)
    assert calendar["version"] == "2.0"
    assert "prodid" in calendar
    assert calendar.subcomponents  # RFC 5545 §3.6: at least one component
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M" in lines  # RFC 7986 §5.7: the VALUE is required
    found = calendar.walk("VEVENT")
    assert [event["uid"] for event in found] == [str(each.distribution_id) for each in given]
    for event, each in zip(found, given, strict=True):
        assert event.errors == []
        assert all(not isinstance(event[name], list) for name in _ONCE)
        assert event.decoded("dtstart") == at.replace(microsecond=0)
        assert event.decoded("dtend") > event.decoded("dtstart")
        assert str(event["summary"]).split() == f"x-main: {_visible(each.title)}".split()


def _visible(text):
    return re.sub("[\x00-\x1f\x7f-\x9f]", " ", text)
