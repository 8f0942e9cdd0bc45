"""Applying a plan: its moves, as far as they still fit. Stopped half-way, it is finished by applying again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.scheduling.model import AccountCalendar, covering
from pipeline.scheduling.outlook import Outlook, load, stays_because
from pipeline.scheduling.pace import departures
from pipeline.store import calendar, schedule_plans
from pipeline.store.calendar import Move
from pipeline.store.database import transaction
from pipeline.store.schedule_plans import MoveRow, PlanRow

_AT_ONCE: Final = 2_000
"""Moves of a transaction, unless more belong together."""
_ON_TIME: Final = timedelta(minutes=1)


class PlanError(Exception):
    """The plan can't be applied; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A move that was not made, and why."""

    move: MoveRow
    reason: str


@dataclass(slots=True)
class Applied:
    """What came of a plan's moves, this time."""

    plan_id: int
    moved: list[MoveRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def apply(engine: sa.Engine, actor: str, *, plan_id: int | None = None, now: datetime) -> Applied:
    """Make the moves of this plan, or of the latest, that nobody has settled yet.

    A post moves as a whole or not at all. What changed since the plan was made is left where it is, and is told.

    Raises:
        PlanError: there is no such plan, it was applied already, or a later one was.
    """
    with engine.connect() as connection:
        plan = _to_apply(connection, plan_id)
        moves = schedule_plans.open_moves(connection, plan.id)
    applied, to_come = Applied(plan.id), {move.distribution_id: move.to_at for move in moves}
    for batch in _batches(moves):
        for id_ in batch:
            del to_come[id_]
        with transaction(engine, actor) as connection:
            _apply(connection, batch, to_come, applied, now)
    with transaction(engine, actor) as connection:
        schedule_plans.finish(connection, plan.id)
    return applied


def _to_apply(connection: sa.Connection, plan_id: int | None) -> PlanRow:
    plan = schedule_plans.latest(connection) if plan_id is None else schedule_plans.get(connection, plan_id)
    if plan is None:
        missing = "There is no plan yet" if plan_id is None else f"There is no plan {plan_id}"
        raise PlanError(f"{missing}. Make one and look at it: pressroom plan")
    if plan.applied_at is not None:
        raise PlanError(
            f"Plan {plan.id} was applied by {plan.applied_by} at {plan.applied_at:%Y-%m-%d %H:%M} UTC: "
            f"{plan.moved} moved, {plan.refused} left where they were. Make a new one: pressroom plan"
        )
    last = schedule_plans.last_applied(connection)
    if last is not None and last.id > plan.id:
        raise PlanError(
            f"Plan {plan.id} is older than plan {last.id}, which was applied. Make a new one: pressroom plan"
        )
    return plan


def _batches(moves: Sequence[MoveRow]) -> list[list[UUID]]:
    """The distributions in the order in which they are moved, those together of which one takes another's place."""
    posts: dict[UUID, UUID] = {move.post_id: move.post_id for move in moves}

    def first(post_id: UUID) -> UUID:
        while posts[post_id] != post_id:
            posts[post_id] = posts[posts[post_id]]
            post_id = posts[post_id]
        return post_id

    leaves = {(move.platform_id, move.from_at): move.post_id for move in moves}
    for move in moves:
        leaver = leaves.get((move.platform_id, move.to_at))
        if leaver is not None:
            posts[first(leaver)] = first(move.post_id)
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for move in moves:
        together[first(move.post_id)].append(move.distribution_id)
    batches: list[list[UUID]] = []
    for ids in together.values():
        if not batches or len(batches[-1]) + len(ids) > _AT_ONCE:
            batches.append([])
        batches[-1] += ids
    return batches


def _apply(
    connection: sa.Connection,
    batch: Sequence[UUID],
    to_come: Mapping[UUID, datetime],
    applied: Applied,
    now: datetime,
) -> None:
    """Make the moves of a batch; `to_come` is where the batches after it will take theirs."""
    moves = schedule_plans.lock_open_moves(connection, applied.plan_id, batch)
    if not moves:
        return
    accounts = sorted({move.platform_id for move in moves})
    calendar.in_turn(connection, accounts)
    reasons = dict(_misfits(moves, load(connection, account_ids=accounts, now=now), to_come))
    left = _without_posts_of(moves, reasons)
    while left:
        with connection.begin_nested() as attempt:
            got = calendar.move(connection, [_move(each) for each in left])
            if len(got) == len(left):
                break
            attempt.rollback()
        missed = [each for each in left if each.distribution_id not in got]
        reasons |= _who_holds(connection, missed)
        left = _without_posts_of(left, reasons)
    schedule_plans.moved(connection, applied.plan_id, [each.distribution_id for each in left])
    refused = [Refused(move, reason) for move, reason in _refusals(moves, reasons)]
    schedule_plans.refused(connection, applied.plan_id, {each.move.distribution_id: each.reason for each in refused})
    applied.moved += left
    applied.refused += refused


def _misfits(
    moves: Sequence[MoveRow], outlook: Outlook, to_come: Mapping[UUID, datetime]
) -> Iterator[tuple[UUID, str]]:
    """The distributions that can't be moved as the plan says, by what is now, and why."""
    standing = {row.id: row for row in outlook.standing}
    homes = {move.distribution_id: move.to_at for move in moves}
    for move in moves:
        row, post = standing.get(move.distribution_id), outlook.posts.get(move.post_id)
        if row is None or post is None:
            yield move.distribution_id, "it is not scheduled any more"
            continue
        closed = covering(outlook.closed[move.platform_id], move.to_at)
        home_at = homes.get(post.home_id, post.home_at) if post.home_id is not None else None
        if (why := stays_because(row, post, outlook.accounts[row.platform_id], outlook.now)) is not None:
            yield row.id, f"it {why}"
        elif row.scheduled_for != move.from_at:
            yield row.id, f"it was moved to {clock.told(row.scheduled_for, move.timezone)} since"
        elif move.to_at <= outlook.now:
            yield row.id, f"its new time, {clock.told(move.to_at, move.timezone)}, has passed"
        elif closed is not None:
            yield row.id, f"{move.account_key} is closed at its new time now ({closed.reason})"
        elif post.expires_at is not None and move.to_at >= post.expires_at:
            yield row.id, f"it is of no use after {clock.told(post.expires_at, move.timezone)}"
        elif home_at is not None and home_at > move.to_at:
            yield row.id, f"its page goes out later now, at {clock.told(home_at, move.timezone)}"
    yield from _over_limits(moves, outlook, to_come)


def _over_limits(
    moves: Sequence[MoveRow], outlook: Outlook, to_come: Mapping[UUID, datetime]
) -> Iterator[tuple[UUID, str]]:
    """The moves by which something would go out later than its time, for its account's limits."""
    moving = {move.distribution_id for move in moves}
    of_account: dict[UUID, list[MoveRow]] = defaultdict(list)
    for move in moves:
        of_account[move.platform_id].append(move)
    for account_id, own in of_account.items():
        account = outlook.calendars[account_id]
        others = [
            to_come.get(row.id, row.at)
            for row in outlook.standing
            if row.platform_id == account_id and row.id not in moving and row.at >= outlook.now
        ]
        late_anyway = _late(account, others)
        for time, limit in _late(account, [*others, *(move.to_at for move in own)]).items():
            if time in late_anyway:
                continue
            culprit = max((move for move in own if move.to_at <= time), key=lambda move: move.to_at, default=None)
            if culprit is not None:
                yield culprit.distribution_id, f"{culprit.account_key} would go beyond {limit} at its new time"


def _late(account: AccountCalendar, times: Iterable[datetime]) -> dict[datetime, str]:
    ordered = sorted(times)
    leaving = departures(account.pace, account.sent, ordered)
    return {
        time: departure.limit
        for time, departure in zip(ordered, leaving, strict=True)
        if departure.limit is not None and departure.at - time > _ON_TIME
    }


def _without_posts_of(moves: Iterable[MoveRow], reasons: Mapping[UUID, str]) -> list[MoveRow]:
    """A post moves as a whole: its versions keep their order and their distances."""
    refused = {move.post_id for move in moves if move.distribution_id in reasons}
    return [move for move in moves if move.post_id not in refused]


def _refusals(moves: Sequence[MoveRow], reasons: Mapping[UUID, str]) -> Iterator[tuple[MoveRow, str]]:
    firsts: dict[UUID, MoveRow] = {}
    for move in moves:
        if move.distribution_id in reasons:
            firsts.setdefault(move.post_id, move)
    for move in moves:
        first = firsts.get(move.post_id)
        if move.distribution_id in reasons:
            yield move, reasons[move.distribution_id]
        elif first is not None:
            yield move, f"its post stays on {first.account_key}: {reasons[first.distribution_id]}"


def _who_holds(connection: sa.Connection, missed: Sequence[MoveRow]) -> dict[UUID, str]:
    holders = {
        (holder.platform_id, holder.at): holder
        for holder in calendar.holders(connection, [_move(each) for each in missed])
    }
    reasons = {}
    for move in missed:
        holder = holders.get((move.platform_id, move.to_at))
        at = clock.told(move.to_at, move.timezone)
        if holder is None or holder.distribution_id == move.distribution_id:
            reasons[move.distribution_id] = f"its new time, {at}, is locked, or somebody has it in hand"
        else:
            reasons[move.distribution_id] = f"“{holder.known_as}” has {at}"
    return reasons


def _move(move: MoveRow) -> Move:
    return Move(
        distribution_id=move.distribution_id,
        platform_id=move.platform_id,
        at=move.to_at,
        timezone=move.timezone,
        from_at=move.from_at,
    )
