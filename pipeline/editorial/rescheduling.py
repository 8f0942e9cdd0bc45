"""Another time for what is approved: moved, swapped, put in another's place. The approval holds.

Each is one transaction, whole or not at all, in the publisher's name. Nothing goes out before its home, no instant is
given twice, and the log tells each move.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import desk, moving, placing
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.moving import Rescheduled, Taken, Wish, time_of
from pipeline.store import calendar
from pipeline.store.calendar import Booking, Holder
from pipeline.store.database import transaction
from pipeline.store.takedowns import Version
from pipeline.store.users import User
from pipeline.vocabulary import TimingStrategy

_MICROSECOND: Final = timedelta(microseconds=1)


def reschedule(
    engine: sa.Engine, canonical_id: str, publisher: User, at: str | None, *, accounts: Collection[str] = ()
) -> Rescheduled:
    """Move what is scheduled of a post, or only its versions on some accounts, to another time.

    `at` is a time as a person writes it, local to the post's vertical unless it carries an offset; "best" has it
    chosen; None: now. The whole post moves with its home, or with its first version where it has none: each version by
    as much, except that optimized ones are chosen anew after their home. Where accounts are named, only these move.

    Raises:
        ReviewError: not scheduled, not a publisher, a time that is unreadable, past, another post's, or before the
            home's; none that can be chosen; a version is on its way, or in somebody's hands.
    """
    now = datetime.now(UTC)
    placing.make_calendars(engine, now=now)
    with transaction(engine, publisher.full_name) as connection:
        taken = moving.take(connection, canonical_id, publisher)
        versions = moving.to_move(taken, accounts)
        calendar.in_turn(connection, taken.accounts)
        if at == placing.BEST:
            times = moving.choose_anew(connection, [Wish(taken, versions, now)], {}, now)
        else:
            times = _shifted(taken, versions, desk.time_of(taken.post, at), whole=not accounts)
            if at is None:
                times = _free_from(connection, taken, times)
            moving.move_exactly(connection, [taken], times)
            times |= _rest(connection, taken, versions, times, now)
        moving.require_order(taken, times)
        return moving.told(connection, [taken], times, now)


def swap(
    engine: sa.Engine, first_id: str, second_id: str, publisher: User, *, accounts: Collection[str] = ()
) -> Rescheduled:
    """Have two posts change places on the accounts that both are scheduled on, or on some of these.

    Without accounts named, what only one of them goes to moves with its home, by as much. Done twice it is undone.

    Raises:
        ReviewError: see `reschedule`; they are scheduled on no account both.
    """
    if first_id == second_id:
        raise ReviewError("Name two posts: one can't change places with itself.")
    now = datetime.now(UTC)
    with transaction(engine, publisher.full_name) as connection:
        by_id = {id_: moving.take(connection, id_, publisher) for id_ in sorted((first_id, second_id))}
        posts = [by_id[first_id], by_id[second_id]]
        pairs = _pairs(*(moving.to_move(taken, accounts) for taken in posts))
        if not pairs:
            raise ReviewError(f"{first_id} and {second_id} are scheduled on no account both: there is nothing to swap.")
        calendar.in_turn(connection, {account for taken in posts for account in taken.accounts})
        times: dict[UUID, datetime] = {}
        for one, other in pairs:
            times |= {one.id: time_of(other), other.id: time_of(one)}
        if not accounts:
            for taken in posts:
                times |= _followers(taken, times)
        _refuse_past(posts, times, now)
        moving.move_exactly(connection, posts, times)
        for taken in posts:
            moving.require_order(taken, times)
        return moving.told(connection, posts, times, now)


def bump(
    engine: sa.Engine, canonical_id: str, publisher: User, at: str, *, accounts: Collection[str] = ()
) -> Rescheduled:
    """Move a post as `reschedule` does to a time, and what stands there to its own next best time after it.

    A version gives way alone, unless it is its post's home: then all that is scheduled of the post does.

    Raises:
        ReviewError: see `reschedule`; what stands there is no post, not scheduled, or finds no other time.
    """
    now = datetime.now(UTC)
    placing.make_calendars(engine, now=now)
    with transaction(engine, publisher.full_name) as connection:
        taken = moving.take(connection, canonical_id, publisher)
        versions = moving.to_move(taken, accounts)
        calendar.in_turn(connection, taken.accounts)
        times = _shifted(taken, versions, desk.time_of(taken.post, at), whole=not accounts)
        giving = _giving_way(connection, _in_the_way(connection, taken, times), publisher)
        calendar.release(connection, [version.id for wish in giving for version in wish.versions])
        moving.move_exactly(connection, [taken], times)
        times |= _rest(connection, taken, versions, times, now)
        if giving:
            times |= moving.choose_anew(connection, giving, times, now)
        posts = [taken, *(wish.taken for wish in giving)]
        for each in posts:
            moving.require_order(each, times)
        return moving.told(connection, posts, times, now)


def _shifted(taken: Taken, versions: Sequence[Version], moment: datetime, *, whole: bool) -> dict[UUID, datetime]:
    """Where the versions go when the first to be moved, the home where it is among them, goes out at `moment`.

    Of a whole optimized post only the home: the others' times do not follow from it.
    """
    home = taken.home
    first = home if home is not None and home in versions else min(versions, key=time_of)
    if not whole:
        first_there = {each.platform_id: time_of(each) for each in sorted(versions, key=time_of, reverse=True)}
        return {each.id: moment + (time_of(each) - first_there[each.platform_id]) for each in versions}
    if first == home and taken.timing.strategy == TimingStrategy.OPTIMIZED:
        return {home.id: moment}
    return {each.id: moment + (time_of(each) - time_of(first)) for each in versions}


def _rest(
    connection: sa.Connection,
    taken: Taken,
    versions: Sequence[Version],
    times: Mapping[UUID, datetime],
    now: datetime,
) -> dict[UUID, datetime]:
    """The optimized versions that follow a home which was moved, chosen anew; a pinned one stays where it is."""
    left = [version for version in versions if version.id not in times and not version.is_pinned]
    return moving.choose_anew(connection, [Wish(taken, left, now)], times, now) if left else {}


def _free_from(connection: sa.Connection, taken: Taken, times: dict[UUID, datetime]) -> dict[UUID, datetime]:
    """The same times, later by as many microseconds as it takes until nobody else holds one."""
    while _in_the_way(connection, taken, times):
        times = {id_: at + _MICROSECOND for id_, at in times.items()}
    return times


def _in_the_way(connection: sa.Connection, taken: Taken, times: Mapping[UUID, datetime]) -> list[Holder]:
    """Who else holds these instants."""
    wanted = [
        Booking(version.id, version.platform_id, times[version.id], version.timezone)
        for version in taken.scheduled
        if version.id in times
    ]
    return [holder for holder in calendar.holders(connection, wanted) if holder.distribution_id not in times]


def _giving_way(connection: sa.Connection, holders: Iterable[Holder], publisher: User) -> list[Wish]:
    """The posts that hold these instants, with what of each has to find another time."""
    held: dict[str, list[Holder]] = {}
    for holder in holders:
        if holder.canonical_id is None:
            raise ReviewError(f"“{holder.known_as}” on {holder.account_key} belongs to no post: it can't give way.")
        held.setdefault(holder.canonical_id, []).append(holder)
    wishes = []
    for canonical_id, of_post in sorted(held.items()):
        # Not waited for: whoever has that post may be waiting for the accounts' turn, which is ours.
        taken = moving.take(connection, canonical_id, publisher, wait=False)
        giving = [moving.scheduled_one(taken, holder) for holder in of_post]
        if taken.home in giving:
            giving = taken.scheduled
        wishes.append(Wish(taken, giving, min(map(time_of, giving))))
    return wishes


def _pairs(first: Iterable[Version], second: Iterable[Version]) -> list[tuple[Version, Version]]:
    """The versions that are on one account, in their order there."""
    left: dict[UUID, list[Version]] = {}
    for version in second:
        left.setdefault(version.platform_id, []).append(version)
    return [(version, left[version.platform_id].pop(0)) for version in first if left.get(version.platform_id)]


def _followers(taken: Taken, times: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """The others of the post, each by as much as the home moves, or the first of those that do where it stays."""
    moved = [version for version in taken.scheduled if version.id in times]
    leader = next((version for version in moved if version.is_home), min(moved, key=time_of))
    by = times[leader.id] - time_of(leader)
    return {version.id: time_of(version) + by for version in taken.scheduled if version.id not in times}


def _refuse_past(posts: Iterable[Taken], times: Mapping[UUID, datetime], now: datetime) -> None:
    for taken in posts:
        for version in taken.scheduled:
            if times.get(version.id, now) < now:
                raise ReviewError(
                    f"{taken.post.canonical_id} would have had to go out on {version.account_key} already: a time that "
                    "is past can't be given."
                )
