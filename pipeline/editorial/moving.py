"""What every move of what is scheduled shares: the posts in hand, the writing of times, the order, what is told.

The posts' rows are locked first, in the order of their ids; a version that somebody else has in hand is not waited for
(see `editorial.withdrawal`); then it is the accounts' turn (`store.calendar.in_turn`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial import desk, placing
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.permissions import Action
from pipeline.scheduling import model, outlook
from pipeline.store import calendar, reviews
from pipeline.store.calendar import Holder, Move
from pipeline.store.reviews import Reviewable
from pipeline.store.takedowns import Version
from pipeline.store.users import User
from pipeline.timing import Timing
from pipeline.vocabulary import DistributionStatus, PostStatus

_MOVABLE: Final = {PostStatus.SCHEDULED, PostStatus.PUBLISHED}
"""Of a published post the versions that are still to come."""
_ON_ITS_WAY: Final = {DistributionStatus.PUBLISHING, DistributionStatus.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Moved:
    """A version that has another time. `held_for` is the one for which its platform still holds it, if it does."""

    canonical_id: str
    account_key: str
    from_at: datetime
    at: datetime
    timezone: str
    held_for: datetime | None


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """What has another time now, by that time, and what a person should know of it (see `placing.doubts`)."""

    moved: Sequence[Moved]
    doubts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """A post with its versions, the home first, locked. `timing` is its group's."""

    post: Reviewable
    versions: Sequence[Version]
    timing: Timing

    @property
    def scheduled(self) -> list[Version]:
        return [version for version in self.versions if version.status == DistributionStatus.SCHEDULED]

    @property
    def home(self) -> Version | None:
        """The one that the others wait for."""
        waited_for = (v for v in self.versions if v.is_home and v.status != DistributionStatus.CANCELLED)
        return next(waited_for, None)

    @property
    def accounts(self) -> set[UUID]:
        return {version.platform_id for version in self.versions}


@dataclass(frozen=True, slots=True)
class Wish:
    """Versions of a post that are to have their times chosen, none before `earliest`."""

    taken: Taken
    versions: Sequence[Version]
    earliest: datetime


def take(
    connection: sa.Connection,
    canonical_id: str,
    publisher: User,
    *,
    allowed: Collection[PostStatus] = _MOVABLE,
    wait: bool = True,
) -> Taken:
    """Lock a post and its versions for a move. Raises: ReviewError: see `desk.take` and `desk.versions_of`."""
    post = desk.take(connection, canonical_id, publisher, Action.RESCHEDULE, allowed, wait=wait)
    return Taken(post, desk.versions_of(connection, post), reviews.timing_of(connection, post.id))


def to_move(taken: Taken, accounts: Collection[str]) -> list[Version]:
    """What is scheduled of the post on these accounts, or on all.

    Raises:
        ReviewError: on one of them it is not, or it is on its way; nothing of it is scheduled.
    """
    name = taken.post.canonical_id
    for version in taken.versions:
        if version.status in _ON_ITS_WAY and (not accounts or version.account_key in accounts):
            raise ReviewError(f"{name} is {version.status} on {version.account_key}: too late to move it.")
    found = [version for version in taken.scheduled if not accounts or version.account_key in accounts]
    for account in sorted(set(accounts) - {version.account_key for version in found}):
        is_there = {version.account_key: f"is {version.status} there" for version in taken.versions}
        known = ", ".join(version.account_key for version in taken.scheduled) or "no account"
        raise ReviewError(
            f"{name} is not scheduled on {account}: it {is_there.get(account, 'does not go there')}. It is scheduled "
            f"on {known}."
        )
    if not found:
        raise ReviewError(f"Nothing of {name} is scheduled: there is no time to move.")
    return found


def time_of(version: Version) -> datetime:
    """When a scheduled version goes out."""
    assert version.scheduled_for is not None
    return version.scheduled_for


def scheduled_one(taken: Taken, holder: Holder) -> Version:
    """The version that holds an instant. Raises: ReviewError: it is not scheduled, so it keeps that instant."""
    for version in taken.versions:
        if version.id == holder.distribution_id and version.status != DistributionStatus.SCHEDULED:
            raise ReviewError(
                f"{taken.post.canonical_id} is {version.status} on {version.account_key} and keeps its place: "
                f"pressroom distributions {taken.post.canonical_id}"
            )
    return next(version for version in taken.scheduled if version.id == holder.distribution_id)


def move_exactly(connection: sa.Connection, posts: Iterable[Taken], times: Mapping[UUID, datetime]) -> None:
    """Give versions of the posts the times that a person named, all at once.

    Raises:
        ReviewError: an instant is held by what is not among them; it names the holder.
    """
    moves = [_move(version, times[version.id]) for taken in posts for version in taken.scheduled if version.id in times]
    moved = calendar.move(connection, moves, explicit=True, even_pinned=True)
    missed = [move for move in moves if move.distribution_id not in moved]
    if missed:
        raise ReviewError(
            f"{calendar.taken_by(connection, missed)} Name another time, have one chosen (--at best), or have that one "
            "give way: pressroom schedule bump."
        )


def choose_anew(
    connection: sa.Connection, wishes: Sequence[Wish], times: Mapping[UUID, datetime], now: datetime
) -> dict[UUID, datetime]:
    """Have times chosen and written down; `times` are those that were written down before.

    Raises:
        ReviewError: see `placing.at_their_best`.
    """
    versions = {version.id: version for wish in wishes for version in wish.versions}
    calendar.release(connection, versions)
    items = outlook.items_of(connection, [wish.taken.post.id for wish in wishes], now=now)
    chosen = placing.at_their_best(
        connection,
        [_item(items[wish.taken.post.id], wish, times) for wish in wishes],
        {account for wish in wishes for account in wish.taken.accounts},
        lambda wanted: calendar.move(
            connection, [_move(versions[each.distribution_id], each.at) for each in wanted], even_pinned=True
        ),
        now=now,
    )
    return {each.distribution_id: each.at for each in chosen}


def require_order(taken: Taken, times: Mapping[UUID, datetime]) -> None:
    """Raises: ReviewError: with these times a version of the post would go out before its home."""
    home = taken.home
    if home is None or home.status != DistributionStatus.SCHEDULED:
        return
    home_at = times.get(home.id, time_of(home))
    for version in taken.scheduled:
        at = times.get(version.id, time_of(version))
        if at < home_at and not times.keys().isdisjoint({home.id, version.id}):
            raise ReviewError(
                f"{taken.post.canonical_id} would be on {version.account_key} at "
                f"{_told(at, version.timezone)}, before its home page at {_told(home_at, home.timezone)}. Move the "
                f"whole post (without --on), or {version.account_key} to a later time first."
            )


def told(
    connection: sa.Connection, posts: Iterable[Taken], times: Mapping[UUID, datetime], now: datetime
) -> Rescheduled:
    """What came of it, once it is written down."""
    moved = [
        Moved(
            taken.post.canonical_id,
            version.account_key,
            time_of(version),
            times[version.id],
            version.timezone,
            version.handed_over_for,
        )
        for taken in posts
        for version in taken.scheduled
        if times.get(version.id, version.scheduled_for) != version.scheduled_for
    ]
    moved.sort(key=lambda each: (each.at, each.canonical_id))
    changed = {taken.post.id for taken in posts if any(version.id in times for version in taken.scheduled)}
    return Rescheduled(moved, placing.doubts(connection, changed, now=now))


def _move(version: Version, at: datetime) -> Move:
    return Move(version.id, version.platform_id, at, version.timezone, from_at=time_of(version))


def _item(item: model.Item, wish: Wish, times: Mapping[UUID, datetime]) -> model.Item:
    home_at = item.home_at
    home = wish.taken.home
    if home is not None and home not in wish.versions:
        home_at = home.published_at or times.get(home.id, home.scheduled_for)
    return replace(
        item,
        versions=[model.Version(version.id, version.platform_id) for version in wish.versions],
        home_at=home_at,
        earliest=wish.earliest,
    )


def _told(at: datetime, timezone: str) -> str:
    return f"{clock.told(at, timezone)} {timezone}"
