"""What a person should know of a plan: what is in its way, where it is empty, what it leaves of the limits. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from pipeline import clock
from pipeline.scheduling.model import AccountCalendar, Slot, Span, covering
from pipeline.scheduling.pace import departures
from pipeline.scheduling.proposal import Allowance, ClockChange, Conflict, CredentialsEnd, Endings, Entry, Gap

_ON_TIME: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(hours=24)


def closed_over(entries: Iterable[Entry], closed: Mapping[UUID, Sequence[Span]]) -> Iterator[Conflict]:
    """What goes out in quiet hours, a blackout or while its account rests."""
    for entry in entries:
        span = covering(closed[entry.account_id], entry.at)
        if span is not None:
            until = clock.told(span.ends, entry.timezone)
            yield _conflict(
                entry,
                f"goes out though it is closed ({span.reason}, until {until}); another time: "
                f"pressroom schedule {_name(entry)} --on {entry.account_key} --at best",
            )


def over_limits(
    entries: Mapping[UUID, Sequence[Entry]], calendars: Mapping[UUID, AccountCalendar]
) -> Iterator[Conflict]:
    """What its account's limits would not let out at its time; `entries` are each account's, by time."""
    for id_, own in entries.items():
        calendar = calendars[id_]
        leaving = departures(calendar.pace, calendar.sent, [entry.at for entry in own])
        for entry, departure in zip(own, leaving, strict=True):
            if departure.limit is not None and departure.at - entry.at > _ON_TIME:
                yield _conflict(
                    entry,
                    f"would go out at {clock.told(departure.at, entry.timezone)}, by {departure.limit} and what "
                    f"{entry.account_key} sends before",
                )


def before_home(entries: Sequence[Entry], calendars: Mapping[UUID, AccountCalendar]) -> Iterator[Conflict]:
    """What is to go out before the page that it leads to; both of the plan."""
    homes: dict[UUID | None, Entry] = {
        entry.post_id: entry for entry in entries if entry.post_id is not None and calendars[entry.account_id].is_home
    }
    for entry in entries:
        home = homes.get(entry.post_id)
        if home is not None and entry.at < home.at:
            yield _conflict(
                entry,
                f"has to wait for its page on {home.account_key}, which goes out at "
                f"{clock.told(home.at, entry.timezone)}",
            )


def gaps(
    entries: Mapping[UUID, Sequence[Entry]],
    calendars: Iterable[AccountCalendar],
    begins: datetime,
    ends: datetime,
) -> list[Gap]:
    """The days without anything on accounts that have free slots on them, those in a row together."""
    found = []
    for calendar in calendars:
        taken = {clock.local(entry.at, calendar.timezone).date() for entry in entries.get(calendar.id, ())}
        free = _free_by_day((slot for slot in calendar.slots if begins <= slot.at < ends), calendar.timezone)
        empty = [day for day in sorted(free) if day not in taken]
        for _, days in groupby(enumerate(empty), lambda each: each[1].toordinal() - each[0]):
            row = [day for _, day in days]
            found.append(Gap(calendar.key, row[0], row[-1], sum(free[day] for day in row)))
    return found


def clock_changes(calendars: Iterable[AccountCalendar], begins: datetime, ends: datetime) -> list[ClockChange]:
    """The changes to and from daylight-saving time in [begins, ends), by time, then zone."""
    accounts: dict[str, list[str]] = defaultdict(list)
    for calendar in calendars:
        accounts[calendar.timezone].append(calendar.key)
    changes = []
    for zone, keys in accounts.items():
        start = begins
        while start < ends:
            stop = min(start + _DAY, ends)
            if _offset(start, zone) != _offset(stop, zone):
                changes.append(_change(zone, start, stop, keys))
            start = stop
    return sorted(changes, key=lambda each: (each.at, each.timezone))


def allowances(
    entries: Mapping[UUID, Sequence[Entry]], calendars: Iterable[AccountCalendar], begins: datetime
) -> list[Allowance]:
    """What each limit of each account leaves at the fullest, over rolling windows that end with what goes out.

    A limit of which nothing is used is left out.
    """
    found = []
    for calendar in calendars:
        times = [entry.at for entry in entries.get(calendar.id, ())]
        pace = calendar.pace
        for most, length, window in ((pace.posts_per_hour, _HOUR, "an hour"), (pace.posts_per_day, _DAY, "a day")):
            if most is not None:
                used, at = _fullest(calendar.sent, times, length, begins)
                found.append(Allowance(calendar.key, calendar.timezone, window, most, most - used, at))
        if pace.quota_remaining is not None and pace.quota_reported_at is not None and pace.quota_resets_at is not None:
            used = sum(at > pace.quota_reported_at for at in calendar.sent)
            used += sum(at < pace.quota_resets_at for at in times)
            found.append(
                Allowance(
                    calendar.key,
                    calendar.timezone,
                    "its platform's quota",
                    pace.quota_remaining,
                    pace.quota_remaining - used,
                    pace.quota_resets_at,
                )
            )
    return [each for each in found if each.left < each.most]


def credentials_ending(
    entries: Mapping[UUID, Sequence[Entry]],
    calendars: Iterable[AccountCalendar],
    endings: Endings,
    ends: datetime,
) -> list[CredentialsEnd]:
    """The accounts whose credentials end before `ends`, or can't be read."""
    found = []
    for calendar in calendars:
        ending = endings.get(calendar.key)
        own = entries.get(calendar.id, ())
        if isinstance(ending, str):
            found.append(CredentialsEnd(calendar.key, calendar.timezone, None, ending, len(own)))
        elif ending is not None and ending < ends:
            after = sum(entry.at >= ending for entry in own)
            found.append(CredentialsEnd(calendar.key, calendar.timezone, ending, "they end", after))
    return found


def _free_by_day(slots: Iterable[Slot], zone: str) -> dict[date, int]:
    free: dict[date, int] = defaultdict(int)
    for slot in slots:
        free[clock.local(slot.at, zone).date()] += 1
    return free


def _fullest(
    sent: Sequence[datetime], times: Sequence[datetime], length: timedelta, begins: datetime
) -> tuple[int, datetime]:
    """The most that lies within `length` up to `begins` or to a time, and when that is."""
    moments = [*sent, *times]
    first, most, when = 0, 0, begins
    for number, moment in enumerate(moments):
        while moments[first] <= moment - length:
            first += 1
        used = number - first + 1
        if moment >= begins and used > most:
            most, when = used, moment
    standing = sum(begins - length < moment <= begins for moment in sent)
    return (standing, begins) if standing >= most else (most, when)


def _change(zone: str, start: datetime, stop: datetime, keys: Sequence[str]) -> ClockChange:
    """The one change in (start, stop], found to the second."""
    before = _offset(start, zone)
    first, last = start, stop
    while last - first > timedelta(seconds=1):
        middle = first + (last - first) / 2
        first, last = (middle, last) if _offset(middle, zone) == before else (first, middle)
    at = last.replace(microsecond=0)
    return ClockChange(zone, at, (at + before).replace(tzinfo=None), _offset(stop, zone) - before, keys)


def _offset(at: datetime, zone: str) -> timedelta:
    return clock.local(at, zone) - at.replace(tzinfo=None)


def _conflict(entry: Entry, message: str) -> Conflict:
    return Conflict(entry.account_key, entry.at, entry.timezone, entry.distribution_id, f"“{entry.title}” {message}.")


def _name(entry: Entry) -> str:
    return entry.canonical_id or str(entry.distribution_id)[:8]
