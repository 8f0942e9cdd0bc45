"""The instants that a post's versions get: as a person named them, or chosen among what is free.

The caller has locked the posts. Whoever chooses does so in turn with the others of the same accounts
(`store.calendar.in_turn`), so that what is chosen keeps the accounts' limits together.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial.desk import ReviewError
from pipeline.scheduling import outlook
from pipeline.scheduling.closing import HolidayError
from pipeline.scheduling.model import HORIZON, AccountCalendar, Booked, Choice, Item, Placement, covering
from pipeline.scheduling.outlook import Outlook
from pipeline.scheduling.pace import departures
from pipeline.store.calendar import Booking
from pipeline.store.posting_hours import PostingHoursError

BEST: Final = "best"
"""What a person writes instead of a time, to have it chosen."""
_TRIES: Final = 20
"""What is lost goes to somebody else, so one of many always gets on; the end is for a calendar in uproar."""
_HOUR: Final = timedelta(hours=1)
_FORESEEABLE: Final = timedelta(days=366)
"""Of what is further ahead no doubts are told: the next year's holidays and limits are still to be set."""

Take = Callable[[Sequence[Booking]], set[UUID]]
"""Writes instants down; returns the distributions that got theirs."""


def make_calendars(engine: sa.Engine, *, now: datetime) -> None:
    """See that each account's rules have become slots. Before the transaction that chooses: it writes in its own.

    Raises:
        ReviewError: a calendar can't be made.
    """
    from pipeline.scheduling import materialise

    try:
        materialise.keep_up(engine, now=now)
    except (materialise.CalendarBusyError, HolidayError) as error:
        raise ReviewError(str(error)) from None


def at_their_best(
    connection: sa.Connection, items: Sequence[Item], accounts: Collection[UUID], take: Take, *, now: datetime
) -> Sequence[Placement]:
    """Choose an instant for every version of the items, all together, and have `take` write them down.

    `accounts` are all that the items' posts go to: what stands there may be the same story. An instant that somebody
    else got meanwhile is chosen no more.

    Raises:
        ReviewError: a version has no instant; what was learned of an account can't be read.
    """
    from pipeline.scheduling.choose import choose

    lost: list[Booking] = []
    for _ in range(_TRIES):
        found = _look(connection, accounts, now)
        calendars = _free_for(items, found.calendars, lost)
        choice = choose(items, calendars, now=now)
        _refuse_unplaced(choice, calendars)
        bookings = [
            Booking(each.distribution_id, each.account_id, each.at, calendars[each.account_id].timezone)
            for each in choice.placements
        ]
        with connection.begin_nested() as attempt:
            got = take(bookings)
            if len(got) == len(bookings):
                return choice.placements
            attempt.rollback()
        lost += [booking for booking in bookings if booking.distribution_id not in got]
    raise ReviewError("The calendar is being changed at this moment. Try again in a few seconds.")


def doubts(connection: sa.Connection, post_ids: Collection[UUID], *, now: datetime) -> list[str]:
    """What a person should know of these posts' instants: limits that put them, or others, off; hours that are closed.

    The instants are written down already. In the accounts' order.
    """
    items = outlook.items_of(connection, post_ids, now=now)
    accounts = {version.account_id for item in items.values() for version in item.versions}
    latest = max(
        (version.present for item in items.values() for version in item.versions if version.present), default=now
    )
    try:
        horizon = min(latest - now + _HOUR, _FORESEEABLE)
        found = outlook.load(connection, account_ids=accounts, now=now, horizon=horizon)
    except PostingHoursError as error:
        return [str(error)]
    return [*_closed(found, post_ids), *_put_off(found, post_ids)]


def _look(connection: sa.Connection, accounts: Collection[UUID], now: datetime) -> Outlook:
    try:
        return outlook.load(connection, account_ids=accounts, now=now, horizon=HORIZON)
    except PostingHoursError as error:
        raise ReviewError(str(error)) from None


def _free_for(
    items: Iterable[Item], calendars: Mapping[UUID, AccountCalendar], lost: Iterable[Booking]
) -> dict[UUID, AccountCalendar]:
    """The calendars without what the items hold there themselves, and with what was lost to others."""
    free = dict(calendars)
    for item in items:
        for version in item.versions:
            held = free[version.account_id]
            others = [each for each in held.booked if each.post_id != item.post_id or each.at < item.earliest]
            free[version.account_id] = replace(held, booked=others)
    for booking in lost:
        held = free[booking.platform_id]
        taken = sorted([*held.booked, Booked(booking.at, None, None)], key=lambda each: each.at)
        slots = [slot for slot in held.slots if slot.at != booking.at]
        free[booking.platform_id] = replace(held, booked=taken, slots=slots)
    return free


def _refuse_unplaced(choice: Choice, calendars: Mapping[UUID, AccountCalendar]) -> None:
    if choice.unplaced:
        reasons = "; ".join(f"{calendars[each.account_id].key}: {each.reason}" for each in choice.unplaced)
        raise ReviewError(
            f"There is no time for {choice.unplaced[0].canonical_id} that can be chosen within {HORIZON.days} days. "
            f"{reasons}. Name a time for each account instead, or give the account more slots: pressroom slots"
        )


def _closed(found: Outlook, post_ids: Collection[UUID]) -> list[str]:
    """What goes out in closed hours all the same, because a person said so: one sentence a reason."""
    said: dict[str, list[str]] = {}
    for account in found.calendars.values():
        for each in account.booked:
            span = covering(found.closed[account.id], each.at)
            if span is not None and each.at >= found.now and each.post_id in post_ids:
                said.setdefault(span.reason, []).append(f"{account.key} {clock.told(each.at, account.timezone)}")
    return [f"Closed ({reason}), and out all the same: {', '.join(times)}." for reason, times in said.items()]


def _put_off(found: Outlook, post_ids: Collection[UUID]) -> list[str]:
    """What an account's limits put off, of these posts or because of them."""
    said: dict[str, list[str]] = {}
    for account in found.calendars.values():
        for each in _put_off_on(account, post_ids, found):
            said.setdefault(each, []).append(account.key)
    return [f"{', '.join(accounts)}: {each}" for each, accounts in said.items()]


def _put_off_on(account: AccountCalendar, post_ids: Collection[UUID], found: Outlook) -> list[str]:
    coming = [each for each in account.booked if each.at >= found.now]
    others = [each for each in coming if each.post_id not in post_ids]
    alone = departures(account.pace, account.sent, [each.at for each in others])
    without = {(each.at, each.post_id): departure.at for each, departure in zip(others, alone, strict=True)}
    leaving = departures(account.pace, account.sent, [each.at for each in coming])
    said = []
    for each, departure in zip(coming, leaving, strict=True):
        if departure.at > without.get((each.at, each.post_id), each.at):
            post = found.posts[each.post_id].title if each.post_id is not None else "another"
            name = "" if each.post_id in post_ids else f"“{post}”, "
            due, leaves = (clock.told(at, account.timezone) for at in (each.at, departure.at))
            said.append(f"{name}{due}: goes out {leaves}, by {departure.limit}.")
    return said
