"""The coming days as a person reads them: what goes out, what is free, where the clocks change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.scheduling.closures import spans_of
from pipeline.scheduling.days import DAY, bounds, odd_hours
from pipeline.scheduling.model import Span, covering
from pipeline.store import calendar_view, outlook
from pipeline.store.calendar_view import Entry
from pipeline.vocabulary import SlotType


@dataclass(slots=True)
class Room:
    """What an account has left on a day: its free slots by type, and those that are locked."""

    free: Counter[SlotType] = field(default_factory=Counter)
    locked: int = 0


@dataclass(slots=True)
class Day:
    """A date, which each account has by its own clock.

    `room` and `closed` are by account key; `closed` has the accounts that are closed all day, and why. `clocks` has
    the zones whose clocks change, and how many hours the day has there.
    """

    date: date
    entries: list[Entry] = field(default_factory=list)
    room: dict[str, Room] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    clocks: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """`slots` are the free and the locked entries of its calendar that are to come."""

    key: str
    timezone: str
    slots: Sequence[outlook.CalendarRow] = ()
    closed: Sequence[Span] = ()


def load(connection: sa.Connection, *, now: datetime, days: int, account_keys: Sequence[str] | None) -> list[Day]:
    """The days from these accounts' today on, or all accounts'; none where there is no account."""
    traits = [
        each for each in outlook.accounts(connection, None, now) if account_keys is None or each.key in account_keys
    ]
    if not traits:
        return []
    ids = [each.id for each in traits]
    ends = now + (days + 1) * DAY  # a day of theirs may end after ours
    slots: dict[UUID, list[outlook.CalendarRow]] = {each: [] for each in ids}
    for row in outlook.calendar(connection, ids, now, ends):
        slots[row.platform_id].append(row)
    closed = spans_of(connection, ids, now - DAY, ends)
    accounts = [Account(each.key, each.timezone, slots[each.id], closed[each.id]) for each in traits]
    begins = min(clock.local(now, each.timezone).date() for each in accounts)
    midnight = min(bounds(begins, each.timezone)[0] for each in accounts)
    entries = calendar_view.entries(connection, begins=midnight, ends=ends, accounts=[each.key for each in accounts])
    return arrange(accounts, entries, begins=begins, days=days)


def arrange(accounts: Sequence[Account], entries: Sequence[Entry], *, begins: date, days: int) -> list[Day]:
    """The `days` local days from `begins` on. What lies outside of them is left out."""
    found = {begins + n * DAY: Day(begins + n * DAY) for n in range(days)}
    for entry in entries:
        day = found.get(clock.local(entry.at, entry.timezone).date())
        if day is not None:
            day.entries.append(entry)
    for account in accounts:
        _add_room(found, account)
        _add_closed(found, account)
        _add_clocks(found, account.timezone)
    return list(found.values())


def _add_room(days: Mapping[date, Day], account: Account) -> None:
    for slot in account.slots:
        day = days.get(clock.local(slot.at, account.timezone).date())
        if day is None or slot.distribution_id is not None or covering(account.closed, slot.at) is not None:
            continue
        room = day.room.setdefault(account.key, Room())
        if slot.is_locked:
            room.locked += 1
        else:
            room.free[slot.slot_type] += 1


def _add_closed(days: Mapping[date, Day], account: Account) -> None:
    for day in days.values():
        begins, ends = bounds(day.date, account.timezone)
        for span in account.closed:
            if span.begins <= begins and ends <= span.ends:
                day.closed[account.key] = span.reason


def _add_clocks(days: Mapping[date, Day], zone_name: str) -> None:
    for day in days.values():
        hours = odd_hours(day.date, zone_name)
        if hours is not None:
            day.clocks[zone_name] = hours
