"""The plan: where everything that may move would go, and what a person should know before it does. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.scheduling import findings, materialise
from pipeline.scheduling.model import AccountCalendar, Choice, Item, Placement, Unplaced
from pipeline.scheduling.outlook import Outlook, load, stays_because
from pipeline.scheduling.proposal import Conflict, Endings, Entry, Known, Plan, Remaining
from pipeline.store import schedule_plans
from pipeline.store.database import transaction
from pipeline.store.outlook import AccountTraits, PostTraits, StandingRow
from pipeline.vocabulary import AccountState, DistributionStatus

DAYS: Final = 14
"""How many days of a plan are shown where nobody says otherwise."""


def plan(engine: sa.Engine, actor: str, *, now: datetime, days: int = DAYS, endings: Endings | None = None) -> Plan:
    """Choose anew for everything that may move, and keep what came of it as the next plan, which `actor` made.

    `days` is how far gaps, limits and credentials are looked at; instants are chosen within the whole horizon.
    `endings` says when accounts' credentials end.

    Raises:
        PostingHoursError: what was learned of an account can't be read.
    """
    materialise.keep_up(engine, now=now)
    with engine.connect() as connection:
        # One snapshot: a post that moves between two statements would be seen twice, or not at all.
        connection.execute(sa.text("set transaction isolation level repeatable read, read only"))
        outlook = load(connection, now=now)
    chosen = best(outlook)
    entries = list(_entries(outlook, {each.distribution_id: each for each in chosen.choice.placements}))
    with transaction(engine, actor) as connection:
        schedule_plans.prune(connection)
        plan_id = schedule_plans.add(
            connection, outlook.now, outlook.ends, [_kept(entry) for entry in entries], _moves(entries)
        )
    shown_until = outlook.now + timedelta(days=days)
    return _plan(plan_id, outlook, chosen, entries, shown_until=shown_until, endings=endings or {})


@dataclass(frozen=True, slots=True)
class Best:
    """What was chosen, the `calendars` as if none of it stood anywhere, and whose posts stay for want of an instant."""

    choice: Choice
    calendars: Mapping[UUID, AccountCalendar]
    unplaced: Sequence[Unplaced]


def best(outlook: Outlook) -> Best:
    """Choose for everything that may move. A post that can't be placed whole stays where it is, as a whole."""
    from pipeline.scheduling.choose import choose

    movable = list(outlook.movable)
    unplaced: list[Unplaced] = []
    while True:
        calendars = replace(outlook, movable=movable).emptied()
        choice = choose(movable, calendars, now=outlook.now)
        unplaced += choice.unplaced
        left = {each.canonical_id for each in choice.unplaced}
        if not left:
            return Best(choice, calendars, unplaced)
        # What stays is in the way of the others, so they are chosen for once more.
        movable = [item for item in movable if item.canonical_id not in left]


def known(row: Mapping[str, Any]) -> Known:
    """An entry as a stored plan has it."""
    return Known(
        UUID(row["distribution"]), row["account"], row["timezone"], row["title"], datetime.fromisoformat(row["at"])
    )


def _kept(entry: Entry) -> dict[str, Any]:
    return {
        "distribution": str(entry.distribution_id),
        "account": entry.account_key,
        "timezone": entry.timezone,
        "title": entry.title,
        "at": entry.at.isoformat(),
    }


def _moves(entries: Iterable[Entry]) -> list[tuple[UUID, UUID, datetime, datetime]]:
    return [
        (entry.distribution_id, entry.post_id, entry.moved_from, entry.at)
        for entry in entries
        if entry.moved_from is not None and entry.post_id is not None
    ]


def _entries(outlook: Outlook, placements: Mapping[UUID, Placement]) -> Iterator[Entry]:
    """What is to go out, by time, then account."""
    entries = [
        _entry(row, outlook, placements.get(row.id))
        for row in outlook.standing
        if row.status == DistributionStatus.SCHEDULED and row.scheduled_for < outlook.ends
    ]
    yield from sorted(entries, key=lambda each: (each.at, each.account_key, each.distribution_id))


def _entry(row: StandingRow, outlook: Outlook, placement: Placement | None) -> Entry:
    account = outlook.accounts[row.platform_id]
    post = outlook.posts[row.post_id] if row.post_id is not None else None
    at = placement.at if placement is not None else row.at
    return Entry(
        distribution_id=row.id,
        post_id=row.post_id,
        canonical_id=post.canonical_id if post is not None else None,
        title=post.title if post is not None else row.name or "",
        account_id=row.platform_id,
        account_key=account.key,
        timezone=account.timezone,
        at=at,
        moved_from=row.scheduled_for if placement is not None and at != row.scheduled_for else None,
        is_pinned=row.is_pinned,
        why=placement.why if placement is not None else [_why_it_stays(row, post, account, outlook.now)],
    )


def _why_it_stays(row: StandingRow, post: PostTraits | None, account: AccountTraits, now: datetime) -> str:
    return stays_because(row, post, account, now) or "stays, for planning found no instant for it"


def _plan(
    plan_id: int, outlook: Outlook, chosen: Best, entries: Sequence[Entry], *, shown_until: datetime, endings: Endings
) -> Plan:
    of_account: dict[UUID, list[Entry]] = defaultdict(list)
    soon: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_account[entry.account_id].append(entry)
        if entry.at < shown_until:
            soon[entry.account_id].append(entry)
    active = [
        calendar for id_, calendar in chosen.calendars.items() if outlook.accounts[id_].state == AccountState.ACTIVE
    ]
    return Plan(
        id=plan_id,
        begins=outlook.now,
        shown_until=shown_until,
        ends=outlook.ends,
        entries=entries,
        remaining=[
            _remaining(id_, outlook, calendar, soon[id_], shown_until) for id_, calendar in chosen.calendars.items()
        ],
        conflicts=sorted(
            [
                *_without_an_instant(chosen.unplaced, outlook),
                *_standing_still(entries, outlook),
                *findings.closed_over(entries, outlook.closed),
                *findings.over_limits(of_account, chosen.calendars),
                *findings.before_home(entries, chosen.calendars),
            ],
            key=lambda each: (each.at, each.account_key, each.message),
        ),
        gaps=findings.gaps(soon, active, outlook.now, shown_until),
        clock_changes=findings.clock_changes(chosen.calendars.values(), outlook.now, shown_until),
        allowances=findings.allowances(soon, active, outlook.now),
        credentials=findings.credentials_ending(soon, chosen.calendars.values(), endings, shown_until),
        value=chosen.choice.value,
        greedy_value=chosen.choice.greedy_value,
    )


def _remaining(
    id_: UUID, outlook: Outlook, calendar: AccountCalendar, entries: Iterable[Entry], until: datetime
) -> Remaining:
    taken = {entry.at for entry in entries}
    return Remaining(
        account_key=calendar.key,
        timezone=calendar.timezone,
        free=[slot for slot in calendar.slots if slot.at not in taken and slot.at < until],
        locked=[
            entry.at
            for entry in outlook.entries[id_]
            if entry.is_locked and entry.distribution_id is None and entry.at < until
        ],
        closed=outlook.closed[id_],
    )


def _without_an_instant(unplaced: Iterable[Unplaced], outlook: Outlook) -> Iterator[Conflict]:
    standing = {row.id: row for row in outlook.standing}
    titles = {item.canonical_id: _title(item, outlook) for item in outlook.movable}
    for each in unplaced:
        row, account = standing[each.distribution_id], outlook.accounts[each.account_id]
        yield Conflict(
            account.key,
            row.scheduled_for,
            account.timezone,
            row.id,
            f"“{titles[each.canonical_id]}” stays where it is, for planning finds no instant for it: {each.reason}.",
        )


def _standing_still(entries: Iterable[Entry], outlook: Outlook) -> Iterator[Conflict]:
    """What will not go out though its time comes: it is of no use by then, or its account or vertical is paused."""
    for entry in entries:
        account = outlook.accounts[entry.account_id]
        post = outlook.posts[entry.post_id] if entry.post_id is not None else None
        for message in _obstacles(entry, account, post):
            yield Conflict(
                entry.account_key, entry.at, entry.timezone, entry.distribution_id, f"“{entry.title}” {message}."
            )


def _obstacles(entry: Entry, account: AccountTraits, post: PostTraits | None) -> Iterator[str]:
    if account.state == AccountState.PAUSED:
        yield (
            f"waits while {account.key} is paused ({account.state_reason}). "
            f"Go on: pressroom accounts resume {account.key}"
        )
    if post is None:
        return
    if post.is_vertical_paused:
        yield f"waits while {post.vertical} is paused. Go on: pressroom schedule resume {post.vertical}"
    if post.expires_at is not None and entry.at >= post.expires_at:
        by = clock.told(post.expires_at, entry.timezone)
        yield f"is of no use any more after {by}, and is held. Give it an earlier time, or cancel it"
    if post.home_status in (DistributionStatus.DRAFT, DistributionStatus.HELD, DistributionStatus.FAILED):
        yield f"waits for its page, which is {post.home_status}. See: pressroom distributions {post.canonical_id}"


def _title(item: Item, outlook: Outlook) -> str:
    assert item.post_id is not None
    return outlook.posts[item.post_id].title
