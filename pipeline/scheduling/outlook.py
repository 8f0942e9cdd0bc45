"""What planning knows: every account with its calendar, what stands in them, and which of it may move."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.scheduling import closures
from pipeline.scheduling.model import HORIZON, AccountCalendar, Booked, Item, Manners, Slot, Span, Version
from pipeline.scheduling.pace import Pace
from pipeline.scheduling.values import default_hours
from pipeline.store import experiments, posting_hours
from pipeline.store import outlook as rows
from pipeline.store.outlook import AccountTraits, CalendarRow, PostTraits, StandingRow
from pipeline.store.posting_hours import PostingHours
from pipeline.timing import Timing
from pipeline.vocabulary import AccountState, DistributionStatus

FIXED: Final = timedelta(minutes=30)
"""What goes out sooner is left where it is, and nothing is moved to before that."""
_INSTANT: Final = timedelta(microseconds=1)
_LATELY: Final = timedelta(hours=24)
_WAITS_FOR_A_PERSON: Final = {DistributionStatus.DRAFT, DistributionStatus.HELD, DistributionStatus.FAILED}


@dataclass(frozen=True, slots=True)
class Outlook:
    """The accounts' calendars from `now` until `ends`.

    In `calendars` everything that is scheduled is booked, and `slots` are what is free beside it: the view of somebody
    who places one post more. `emptied` is the view of a plan. `closed` are each account's quiet hours, blackouts and
    rests; the calendars' hold its free locked slots as well. `standing` is by time, as are each account's `entries`.
    """

    now: datetime
    ends: datetime
    accounts: Mapping[UUID, AccountTraits]
    calendars: Mapping[UUID, AccountCalendar]
    closed: Mapping[UUID, Sequence[Span]]
    entries: Mapping[UUID, Sequence[CalendarRow]]
    standing: Sequence[StandingRow]
    posts: Mapping[UUID, PostTraits]
    movable: Sequence[Item]

    def emptied(self) -> dict[UUID, AccountCalendar]:
        """The calendars as if nothing that may move were in them: its slots are free, as far as rules made them.

        Without those of the next minutes, to which nothing is moved any more.
        """
        moving = {version.distribution_id for item in self.movable for version in item.versions}
        moved_on = {version.account_id for item in self.movable for version in item.versions}
        booked = _booked(self.standing, self.posts, self.now, without=moving)
        emptied = {}
        for id_, calendar in self.calendars.items():
            slots = calendar.slots
            if id_ in moved_on:
                slots = _slots(self.entries[id_], self.closed[id_], also=moving)
            later = [slot for slot in slots if slot.at > self.now + FIXED]
            emptied[id_] = replace(calendar, booked=booked.get(id_, ()), slots=later)
        return emptied


def load(
    connection: sa.Connection,
    *,
    account_ids: Collection[UUID] | None = None,
    now: datetime,
    horizon: timedelta = HORIZON,
) -> Outlook:
    """Read the accounts' calendars, or those of all accounts, for the coming `horizon`.

    Raises:
        PostingHoursError: what was learned of an account can't be read.
    """
    ends = now + horizon
    accounts = {account.id: account for account in rows.accounts(connection, account_ids, now)}
    ids = list(accounts)
    standing = rows.standing(connection, ids, since=now - _LATELY, now=now, ends=ends)
    posts = rows.posts(connection, {row.post_id for row in standing if row.post_id is not None})
    entries = _by_account(rows.calendar(connection, ids, now, ends), ids)
    sent: dict[UUID, list[datetime]] = defaultdict(list)
    for platform_id, started_at in rows.sent(connection, ids, now):
        sent[platform_id].append(started_at)
    closed = {
        id_: [*_rest(accounts[id_], now), *spans]
        for id_, spans in closures.spans_of(connection, ids, now, ends).items()
    }
    learned = posting_hours.learned(connection, ids)
    limited = experiments.allowed_hours(connection, ids)
    booked = _booked(standing, posts, now)
    calendars = {}
    for id_, account in accounts.items():
        calendars[id_] = AccountCalendar(
            id=id_,
            key=account.key,
            platform=account.platform,
            timezone=account.timezone,
            is_home=account.is_home,
            pace=_pace(account),
            sent=sent[id_],
            booked=booked.get(id_, ()),
            slots=_slots(entries[id_], closed[id_]),
            **_hours(learned.get(id_), account.platform),
            hours=limited.of_accounts.get(id_),
            hours_of=limited.of_distributions,
            closed=sorted([*closed[id_], *_locked(entries[id_])], key=lambda span: span.begins),
        )
    movable = _movable(standing, posts, accounts, now)
    return Outlook(now, ends, accounts, calendars, closed, entries, standing, posts, movable)


def items_of(connection: sa.Connection, post_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Item]:
    """Each post with all its versions that are drafted or scheduled, the home first; it may go out from `now` on."""
    versions: dict[UUID, list[Version]] = defaultdict(list)
    for post_id, id_, platform_id, at in rows.versions_to_place(connection, post_ids):
        versions[post_id].append(Version(id_, platform_id, at))
    posts = rows.posts(connection, versions.keys())
    return {id_: _item(posts[id_], own, earliest=now) for id_, own in versions.items()}


def stays_because(row: StandingRow, post: PostTraits | None, account: AccountTraits, now: datetime) -> str | None:
    """Why planning leaves something where it is, in words that follow "it"; None where it may move it.

    That is what a person placed, what is on its way, and what waits for a person anyway.
    """
    return next(_reasons_to_stay(row, post, account, now), None)


def _reasons_to_stay(row: StandingRow, post: PostTraits | None, account: AccountTraits, now: datetime) -> Iterator[str]:
    if row.status != DistributionStatus.SCHEDULED:
        yield f"is {row.status}"
    if row.handed_over_for is not None:
        yield f"is held by {account.platform} for this time"
    if row.is_pinned:
        yield "has its time from a person"
    if row.is_tried:
        yield "is tried again"
    if account.state == AccountState.PAUSED:
        yield f"waits while {account.key} is paused"
    if post is None:
        yield "belongs to no post"
    elif post.is_vertical_paused:
        yield f"waits while {post.vertical} is paused"
    elif post.home_status in _WAITS_FOR_A_PERSON:
        yield f"waits for its page, which is {post.home_status}"
    if row.scheduled_for <= now + FIXED:
        yield f"goes out within {FIXED // timedelta(minutes=1)} minutes"


def _movable(
    standing: Iterable[StandingRow],
    posts: Mapping[UUID, PostTraits],
    accounts: Mapping[UUID, AccountTraits],
    now: datetime,
) -> list[Item]:
    moving: dict[UUID, list[StandingRow]] = defaultdict(list)
    for row in standing:
        post = posts[row.post_id] if row.post_id is not None else None
        if post is not None and stays_because(row, post, accounts[row.platform_id], now) is None:
            moving[post.id].append(row)
    return [
        _item(
            posts[id_],
            [Version(row.id, row.platform_id, row.scheduled_for) for row in own],
            earliest=_ready(posts[id_]),
        )
        for id_, own in moving.items()
    ]


def _ready(post: PostTraits) -> datetime:
    """Since when it could have gone out: from then on it grows stale, whenever it is planned."""
    assert post.approved_at is not None, "what is scheduled was approved"
    return max(post.approved_at, post.campaign_begins or post.approved_at)


def _item(post: PostTraits, versions: Sequence[Version], *, earliest: datetime) -> Item:
    placed = {version.distribution_id for version in versions}
    window = None
    if post.campaign_begins is not None and post.campaign_ends is not None:
        window = Span(post.campaign_begins, post.campaign_ends, f"the campaign {post.campaign}")
    return Item(
        canonical_id=post.canonical_id,
        versions=versions,
        timing=Timing()
        if post.timing_strategy is None
        else Timing(post.timing_strategy, timedelta(minutes=post.stagger_minutes or 0)),
        earliest=earliest,
        story=post.story,
        post_id=post.id,
        home_at=None if post.home_id in placed else post.home_at,
        deadline=post.expires_at,
        window=window,
        campaign_id=post.campaign_id,
        topics=_topics(post),
        is_evergreen=post.is_evergreen,
        manners=Manners(
            timedelta(minutes=post.site_buffer_minutes),
            timedelta(minutes=post.story_spacing_minutes),
            timedelta(hours=post.topic_gap_hours),
        ),
    )


def _booked(
    standing: Iterable[StandingRow],
    posts: Mapping[UUID, PostTraits],
    now: datetime,
    *,
    without: Collection[UUID] = frozenset(),
) -> dict[UUID, list[Booked]]:
    """What stands, by account and time; what is overdue goes out now."""
    booked: dict[UUID, list[Booked]] = defaultdict(list)
    for row in standing:
        if row.id in without:
            continue
        post = posts[row.post_id] if row.post_id is not None else None
        at = max(row.at, now) if row.status == DistributionStatus.SCHEDULED else row.at
        topics = _topics(post) if post is not None else frozenset()
        booked[row.platform_id].append(Booked(at, row.post_id, post.story if post else None, topics))
    for of_account in booked.values():
        of_account.sort(key=lambda each: each.at)
    return booked


def _topics(post: PostTraits) -> frozenset[str]:
    return frozenset(topic.casefold() for topic in post.topics)


def _slots(
    entries: Sequence[CalendarRow], closed: Sequence[Span], *, also: Collection[UUID] = frozenset()
) -> list[Slot]:
    """What is free of the entries, those that the distributions of `also` hold counted in; none of it is closed."""
    spans = iter(closed)
    span = next(spans, None)
    slots = []
    for entry in entries:
        if entry.is_locked or (
            entry.distribution_id is not None and not (entry.is_ruled and entry.distribution_id in also)
        ):
            continue
        while span is not None and span.ends <= entry.at:
            span = next(spans, None)
        if span is None or entry.at < span.begins:
            slots.append(Slot(entry.at, entry.slot_type, entry.campaign_id))
    return slots


def _by_account(entries: Iterable[CalendarRow], account_ids: Iterable[UUID]) -> dict[UUID, list[CalendarRow]]:
    of_account: dict[UUID, list[CalendarRow]] = {id_: [] for id_ in account_ids}
    for entry in entries:
        of_account[entry.platform_id].append(entry)
    return of_account


def _hours(learned: PostingHours | None, platform: str) -> dict[str, Any]:
    if learned is None:
        return {"values": default_hours(platform)}
    return {"values": learned.values, "drawn": learned.drawn, "exploring": learned.exploring}


def _rest(account: AccountTraits, now: datetime) -> list[Span]:
    return [Span(now, account.held_until, "the account rests")] if account.held_until is not None else []


def _locked(entries: Iterable[CalendarRow]) -> Iterator[Span]:
    """The instants that are locked and free, as spans: a time that follows from another's must not fall on one."""
    for entry in entries:
        if entry.is_locked and entry.distribution_id is None:
            yield Span(entry.at, entry.at + _INSTANT, "a locked slot")


def _pace(account: AccountTraits) -> Pace:
    return Pace(
        min_interval=timedelta(minutes=account.min_interval_minutes),
        posts_per_hour=account.posts_per_hour,
        posts_per_day=account.posts_per_day,
        quota_remaining=account.quota_remaining,
        quota_reported_at=account.quota_reported_at,
        quota_resets_at=account.quota_resets_at,
    )
