"""The calendar as iCalendar (RFC 5545, with the properties of RFC 7986).

Times are UTC. An entry is one instant and never recurs, so it needs no rule of a zone, of which a VTIMEZONE would be a
copy that ages; the reader's calendar shows it by the reader's clock. What the account's clock shows is in the text.

There is no METHOD: nobody is invited. DTSTAMP is then when the entry was last revised (RFC 5545 §3.8.7.2), so that
equal calendars are equal bytes.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pipeline import clock
from pipeline.store.calendar_view import Entry
from pipeline.vocabulary import DistributionStatus

if TYPE_CHECKING:
    from icalendar import Timezone

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
_PRODID: Final = "-//Pressroom//Publishing calendar//EN"
_REFRESH: Final = timedelta(minutes=15)

_LENGTH: Final = timedelta(minutes=15)
"""A publication has none, but RFC 5545 wants an end to be after its beginning, and Exchange refuses an event without
one (MS-STANXICAL)."""

_TENTATIVE: Final = frozenset({DistributionStatus.HELD, DistributionStatus.FAILED})
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""What TEXT must not hold (RFC 5545 §3.3.11), and what some readers take for the end of a line."""
_END: Final = b"END:VCALENDAR\r\n"
_KEPT: Final = 20_000
_URI: Final = "".join(map(chr, range(0x21, 0x7F)))


def to_ical(entries: Sequence[Entry]) -> bytes:
    """A calendar with one event for each entry. Its UID is the distribution's id, which tells nothing of anybody (RFC
    7986 §5.3), and stays when the entry moves.
    """
    from icalendar import Calendar, vDuration

    calendar = Calendar()
    calendar.add("prodid", _PRODID)
    calendar.add("version", "2.0")
    for name in ("name", "x-wr-calname"):  # what RFC 7986 calls it, and what was in use before
        calendar.add(name, "Pressroom")
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    if not entries:
        calendar.add_component(_utc())
    frame: bytes = calendar.to_ical()
    return frame.removesuffix(_END) + b"".join(map(_event, entries)) + _END


@lru_cache(maxsize=_KEPT)
def _event(entry: Entry) -> bytes:
    """Kept, because from one reading of a feed to the next few entries change, and writing all takes seconds."""
    from icalendar import Event, vUri

    event = Event()
    event.add("uid", str(entry.distribution_id))
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.at)
    event.add("dtend", entry.at + _LENGTH)
    event.add("summary", f"{entry.account_key}: {_line(entry.title)}")
    event.add("description", _description(entry))
    event.add("categories", [entry.account_key])
    event.add("status", "TENTATIVE" if entry.status in _TENTATIVE else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # nobody is busy meanwhile
    if entry.url:
        event.add("url", vUri(quote(entry.url, safe=_URI)))
    written: bytes = event.to_ical()
    return written


def _description(entry: Entry) -> str:
    local = clock.local(entry.at, entry.timezone)
    lines = [f"{local:%Y-%m-%d %H:%M:%S} {entry.timezone}", _line(entry.note or entry.status)]
    if entry.is_pinned and entry.status == DistributionStatus.SCHEDULED:
        lines.append("A person chose this time.")
    if entry.canonical_id:
        lines.append(entry.canonical_id)
    return "\n".join(lines)


def _utc() -> "Timezone":
    """For an empty calendar, since one must have a component (RFC 5545 §3.6)."""
    from icalendar import Timezone, TimezoneStandard

    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - an onset is local (RFC 5545 §3.6.5)
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    utc = Timezone()
    utc.add("tzid", "Etc/UTC")
    utc.add_component(standard)
    return utc


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
