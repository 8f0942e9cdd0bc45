"""Who holds which instant of an account's calendar. Only this module writes bookings.

An instant is held once: a unique constraint says so. What somebody else has in hand at this moment is not waited for,
but counts as taken, so that people, planners and workers never wait for each other in a circle.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.vocabulary import DistributionStatus

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Booking:
    """An instant that a distribution is to hold. `timezone` is the account's, in which the entry has its local time."""

    distribution_id: UUID
    platform_id: UUID
    at: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Move(Booking):
    """A scheduled distribution that is to go from `from_at` to `at`."""

    from_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an instant. `canonical_id` is None where the distribution belongs to no post."""

    platform_id: UUID
    at: datetime
    account_key: str
    timezone: str
    distribution_id: UUID
    canonical_id: str | None
    known_as: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a version of a post stands: `at` is when it is to go out or went, None where it has no time."""

    account_key: str
    status: DistributionStatus
    at: datetime | None
    timezone: str
    is_pinned: bool
    handed_over_for: datetime | None


class TakenError(Exception):
    """An instant that a person named is held already; the message says by what. The caller rolls back."""


def in_turn(connection: sa.Connection, platform_ids: Collection[UUID]) -> None:
    """Wait until nobody else chooses times for these accounts; held until the transaction ends.

    The constraint keeps two from one instant. That two choices made at once keep the account's limits together takes
    that the second sees the first. Call it before reading what is free, once, and after the post is locked.
    """
    connection.execute(
        sa.text("""
            select pg_advisory_xact_lock(hashtextextended('calendar of ' || id, 0))
            from unnest(cast(:ids as uuid[])) as id
        """),
        {"ids": sorted(set(platform_ids))},
    )


def book(connection: sa.Connection, bookings: Sequence[Booking], *, explicit: bool = False) -> set[UUID]:
    """Take each instant that is free; returns the distributions that got theirs. None of them holds one yet.

    A locked slot is taken only where the time is `explicit`. Where the calendar has no entry, one is made.
    """
    got: set[UUID] = set()
    for _ in range(2):  # an entry that another transaction made meanwhile is seen by the second statement
        left = [booking for booking in bookings if booking.distribution_id not in got]
        if left:
            got.update(connection.scalars(_BOOK, {**_columns(left), "explicit": explicit}))
    return got


_BOOK = sa.text("""
    with given as (
        select * from unnest(
            cast(:ids as uuid[]), cast(:platform_ids as uuid[]), cast(:ats as timestamptz[]), cast(:timezones as text[])
        ) as given (id, platform_id, at, timezone)
    ),
    free as (
        select c.id, given.id as distribution_id
        from given join publishing_calendar c on c.platform_id = given.platform_id and c.starts_at = given.at
        where c.distribution_id is null and (not c.is_locked or :explicit)
        order by c.platform_id, c.starts_at
        for update of c skip locked
    ),
    chosen as (
        select distinct on (id) id, distribution_id from free order by id, distribution_id
    ),
    taken as (
        update publishing_calendar c set distribution_id = chosen.distribution_id
        from chosen where c.id = chosen.id
        returning c.distribution_id
    ),
    made as (
        insert into publishing_calendar (date, time_slot, timezone, starts_at, platform_id, distribution_id)
        select (at at time zone timezone)::date, (at at time zone timezone)::time, timezone, at, platform_id, id
        from given
        where not exists (
            select from publishing_calendar c where c.platform_id = given.platform_id and c.starts_at = given.at
        )
        order by platform_id, at, id
        on conflict (platform_id, starts_at) do nothing
        returning distribution_id
    )
    select distribution_id from taken union all select distribution_id from made
""")


def book_exactly(connection: sa.Connection, bookings: Sequence[Booking]) -> None:
    """Take the instants that a person named, locked slots too.

    Raises:
        TakenError: one of them is held; its message names what holds it.
    """
    got = book(connection, bookings, explicit=True)
    missed = [booking for booking in bookings if booking.distribution_id not in got]
    if missed:
        raise TakenError(taken_by(connection, missed))


def book_next_instant(connection: sa.Connection, booking: Booking) -> datetime:
    """Take the first free microsecond from the booking's instant on: for "now", by which nobody means an instant."""
    at = booking.at
    while not book(
        connection,
        [Booking(booking.distribution_id, booking.platform_id, at, booking.timezone)],
        explicit=True,
    ):
        at += _MICROSECOND
    return at


def release(connection: sa.Connection, distribution_ids: Collection[UUID]) -> None:
    """Give back what these hold: a rule's slot is free again, an entry of a distribution's own is gone."""
    connection.execute(
        sa.text("""
            with own as (
                delete from publishing_calendar
                where distribution_id = any (:ids) and rule_id is null and lock_set_by is null
            )
            update publishing_calendar set distribution_id = null
            where distribution_id = any (:ids) and (rule_id is not null or lock_set_by is not null)
        """),
        {"ids": list(distribution_ids)},
    )


def move(
    connection: sa.Connection, moves: Sequence[Move], *, explicit: bool = False, even_pinned: bool = False
) -> set[UUID]:
    """Give scheduled distributions other instants, all at once, so that they may change places; returns who moved.

    Left alone: what is no longer scheduled for `from_at`, what somebody else has in hand, what is pinned unless
    `even_pinned`, what would need an instant that another holds, and what counts on the place of one that stays.
    An `explicit` time is a person's: it takes locked slots, and pins. The approval holds; the post's own time follows
    its home's; the log tells each move.
    """
    standing = set(
        connection.scalars(
            sa.text("""
                select d.id
                from unnest(cast(:ids as uuid[]), cast(:from_ats as timestamptz[])) as given (id, from_at)
                join distributions d on d.id = given.id
                where d.status = 'scheduled' and d.scheduled_for = given.from_at and (:even_pinned or not d.is_pinned)
                order by d.id
                for update of d skip locked
            """),
            {**_columns(moves), "from_ats": [each.from_at for each in moves], "even_pinned": even_pinned},
        )
    )
    left = [each for each in moves if each.distribution_id in standing]
    while left:
        with connection.begin_nested() as attempt:
            release(connection, [each.distribution_id for each in left])
            got = book(connection, left, explicit=explicit)
            if len(got) == len(left):
                _set_times(connection, left, is_pinned=explicit)
                return got
            attempt.rollback()
        left = [each for each in left if each.distribution_id in got]
    return set()


def _set_times(connection: sa.Connection, moves: Sequence[Move], *, is_pinned: bool) -> None:
    connection.execute(
        sa.text("""
            with moved as (
                update distributions d
                set scheduled_for = given.at, next_attempt_at = given.at, timezone = given.timezone,
                    scheduled_local = given.at at time zone given.timezone, is_pinned = :is_pinned,
                    retry_count = 0, error_message = null, lease_token = d.lease_token + 1
                from unnest(
                    cast(:ids as uuid[]), cast(:ats as timestamptz[]), cast(:timezones as text[]),
                    cast(:from_ats as timestamptz[])
                ) as given (id, at, timezone, from_at)
                where d.id = given.id
                returning d.id, d.post_id, d.platform_id, d.timezone, given.at, given.from_at
            ),
            told as (
                insert into distribution_events (distribution_id, from_status, to_status, reason, actor)
                select id, 'scheduled', 'scheduled',
                    'from ' || to_char(from_at at time zone timezone, 'YYYY-MM-DD HH24:MI:SS')
                    || ' to ' || to_char(at at time zone timezone, 'YYYY-MM-DD HH24:MI:SS') || ' ' || timezone,
                    current_actor()
                from moved where at <> from_at
            )
            update publisher_posts post set scheduled_at = moved.at
            from moved join platforms p on p.id = moved.platform_id
            where post.id = moved.post_id and p.is_home and post.status = 'scheduled'
        """),
        {**_columns(moves), "from_ats": [each.from_at for each in moves], "is_pinned": is_pinned},
    )


def take_next_slot(connection: sa.Connection, distribution_id: UUID, platform_id: UUID) -> datetime | None:
    """Give up the slot the distribution missed and take the account's next free one; None where there is none.

    Its time is the program's from then on, so planning may move it.
    """
    release(connection, [distribution_id])
    slot: datetime | None = connection.scalar(
        sa.text("""
            with free as (
                select id from publishing_calendar
                where platform_id = :platform_id and starts_at > now() and distribution_id is null and not is_locked
                    and (campaign_id is null or campaign_id = (
                        select p.campaign_id from publisher_posts p
                        where p.id = (select d.post_id from distributions d where d.id = :id)
                    ))
                order by starts_at
                limit 1
                for update skip locked
            ),
            unpinned as (
                update distributions set is_pinned = false where id = :id and exists (select from free)
            )
            update publishing_calendar c set distribution_id = :id
            from free where c.id = free.id
            returning c.starts_at
        """),
        {"id": distribution_id, "platform_id": platform_id},
    )
    return slot


def holders(connection: sa.Connection, bookings: Sequence[Booking]) -> list[Holder]:
    """Who holds these instants, in their order; where none holds one, it is left out."""
    rows = connection.execute(
        sa.text("""
            select c.platform_id, c.starts_at as at, p.account_key, p.timezone, c.distribution_id, post.canonical_id,
                coalesce(post.title, d.title, left(d.body, 60)) as known_as
            from unnest(cast(:platform_ids as uuid[]), cast(:ats as timestamptz[])) with ordinality
                as given (platform_id, at, n)
            join publishing_calendar c on c.platform_id = given.platform_id and c.starts_at = given.at
            join platforms p on p.id = c.platform_id
            join distributions d on d.id = c.distribution_id
            left join publisher_posts post on post.id = d.post_id
            order by given.n
        """),
        _columns(bookings),
    )
    return [Holder(**row) for row in rows.mappings()]


def standing(connection: sa.Connection, canonical_id: str) -> list[Standing]:
    """The versions of a post that were not given up, the home first."""
    rows = connection.execute(
        sa.text("""
            select p.account_key, d.status, coalesce(d.published_at, d.scheduled_for) as at, p.timezone, d.is_pinned,
                d.handed_over_for
            from distributions d
            join platforms p on p.id = d.platform_id
            join publisher_posts post on post.id = d.post_id
            where post.canonical_id = :canonical_id and d.status <> 'cancelled'
            order by p.is_home desc, p.account_key, d.variant_group
        """),
        {"canonical_id": canonical_id},
    )
    return [Standing(**{**row, "status": DistributionStatus(row["status"])}) for row in rows.mappings()]


def taken_by(connection: sa.Connection, missed: Sequence[Booking]) -> str:
    """Who holds the first of these instants, which somebody wanted and did not get, as a sentence."""
    held = holders(connection, missed)
    if not held:
        at = clock.local(missed[0].at, missed[0].timezone)
        return f"{at:%Y-%m-%d %H:%M:%S} {missed[0].timezone} is being given away at this moment; try again."
    first = held[0]
    name = f"“{first.known_as}”" + (f" ({first.canonical_id})" if first.canonical_id else "")
    at = clock.local(first.at, first.timezone)
    return f"{first.account_key} has {name} at {at:%Y-%m-%d %H:%M:%S} {first.timezone} already."


def _columns(bookings: Sequence[Booking]) -> dict[str, list[object]]:
    return {
        "ids": [each.distribution_id for each in bookings],
        "platform_ids": [each.platform_id for each in bookings],
        "ats": [each.at for each in bookings],
        "timezones": [each.timezone for each in bookings],
    }
