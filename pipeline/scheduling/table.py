"""All accounts' boards together, and what a post's versions can have on them at a moment of the choice. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np

from pipeline.scheduling import values
from pipeline.scheduling.board import ANYBODY, Board, Clockwork, Flags, Instants, Numbers, Positions
from pipeline.scheduling.cases import Case, Part
from pipeline.scheduling.model import AccountCalendar


@dataclass(frozen=True, slots=True)
class Seat:
    """A version's place on its account's board. `meant` is the instant that its timing means for it, if it does."""

    part: Part
    position: int
    meant: int | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """That a story is told at an instant, and by which post."""

    at: int
    spacing: int
    teller: UUID | str | None


class Table:
    """The boards of all accounts, by the accounts' numbers, and who tells which story when."""

    def __init__(
        self,
        calendars: Sequence[AccountCalendar],
        cases: Sequence[Case],
        clockwork: Clockwork,
        *,
        elsewhere: Iterable[AccountCalendar] = (),
    ) -> None:
        """`elsewhere`: accounts that none of the cases goes to; of them only the stories count that they tell."""
        campaigns = sorted({case.item.campaign_id for case in cases if case.item.campaign_id is not None})
        self._campaigns = {campaign: number for number, campaign in enumerate(campaigns)}
        self.boards = _boards(calendars, cases, clockwork, self._campaigns)
        self._paths: dict[tuple[int, int, int], Positions] = {}
        told = {case.item.story for case in cases}
        self._booked: defaultdict[str, list[Telling]] = defaultdict(list)
        for calendar in (*calendars, *elsewhere):
            for each in calendar.booked:
                if each.story is not None and each.story in told:
                    self._booked[each.story].append(Telling(clockwork.number(each.at), 0, each.post_id))
        self.clear()

    def clear(self) -> None:
        """Give everything back that was taken."""
        for board in self.boards:
            board.clear()
        self._stories = defaultdict(list, {story: list(told) for story, told in self._booked.items()})

    def board(self, part: Part) -> Board:
        return self.boards[part.account]

    def campaign(self, case: Case) -> int:
        return ANYBODY if case.item.campaign_id is None else self._campaigns[case.item.campaign_id]

    def values(self, case: Case, part: Part) -> Numbers:
        """What each instant of its account is worth to the version; means nothing outside the case's instants."""
        board = self.board(part)
        worth = board.fresh_worth(case.begins, case.half_life, explores=part.explores)
        variety = board.variety(case.item.topics)
        if variety is not None:
            worth = worth * variety
        if part.held is not None:
            worth = worth.copy()
            worth[board.position(part.held)] *= values.STAYING
        return worth

    def allowed(self, case: Case, part: Part, begins: int) -> Flags:
        """Where the version could go out from `begins` on, be there a slot or not."""
        board = self.board(part)
        within = board.between(max(begins, case.begins), case.ends)
        allowed = board.open.copy()
        allowed[: within.start] = False
        allowed[within.stop :] = False
        for near in self.retold(case, board):
            allowed[near] = False
        hours = board.within(part.version.distribution_id)
        return allowed if hours is None else allowed & hours

    def retold(self, case: Case, board: Board) -> list[slice]:
        """Where the case's story is told too near, by others or by its own versions that keep apart."""
        return [
            board.between(telling.at - apart + 1, telling.at + apart)
            for telling in self._stories.get(case.item.story, ())
            if case.keeps_apart or telling.teller not in (case.item.post_id, case.item.canonical_id)
            for apart in [max(telling.spacing, case.spacing)]
        ]

    def pickable(self, case: Case, part: Part, allowed: Flags) -> Flags:
        """Those of the allowed that are slots for the post, or where the version is already."""
        board = self.board(part)
        pickable = allowed & board.slots_for(self.campaign(case))
        if part.held is not None:
            held = board.position(part.held)
            pickable[held] = allowed[held]
        return pickable

    def options(self, case: Case) -> tuple[Flags, Numbers]:
        """Of each pick of the leader's board whether the leader can have it, and what the whole post is worth with it,
        were nothing else to move.
        """
        assert case.leader is not None
        board = self.board(case.leader)
        possible = self.pickable(case, case.leader, self.allowed(case, case.leader, case.begins))
        worth = board.of_picks(self.values(case, case.leader))
        for follower in case.followers:
            worth = worth + self._with(case, case.leader, follower)
        return board.of_picks(possible), worth

    def follow(self, case: Case, seats: Sequence[Seat], followers: Iterable[Part]) -> list[Seat]:
        """Take what the followers can have, one after the other, behind the homes among `seats`. Whoever can have
        nothing is not among the answer.
        """
        lead = self.lead(case, seats)
        found: list[Seat] = []
        if lead is None:
            return found
        for follower in followers:
            seat = self._seat_of(case, follower, lead)
            if seat is not None:
                found.append(self.take(case, seat))
                if follower.is_home:
                    lead = max(lead, self.board(follower).number(seat.position))
        return found

    def lead(self, case: Case, seats: Sequence[Seat]) -> int | None:
        """When the last of its homes goes out, or what else leads; None where its leader has no seat."""
        if case.leader is None:
            return case.lead
        leading = [self.board(seat.part).number(seat.position) for seat in seats if seat.part is case.leader]
        homes = [self.board(seat.part).number(seat.position) for seat in seats if seat.part.is_home]
        return max([*leading, *homes]) if leading else None

    def take(self, case: Case, seat: Seat) -> Seat:
        board = self.board(seat.part)
        board.take(seat.position, case.item.topics)
        self._stories[case.item.story].append(_telling(case, board.number(seat.position)))
        return seat

    def give_back(self, case: Case, seats: Iterable[Seat]) -> None:
        for seat in seats:
            board = self.board(seat.part)
            board.give_back(seat.position, case.item.topics)
            self._stories[case.item.story].remove(_telling(case, board.number(seat.position)))

    def value(self, case: Case, seat: Seat) -> float:
        """What the version's place is worth with everything that is there now. Put off, it is worth no more than it
        were at the instant that was meant.
        """
        board = self.board(seat.part)
        value = self._value_at(case, seat.part, seat.position)
        if seat.meant is not None and board.number(seat.position) != seat.meant and board.has(seat.meant):
            return min(value, self._value_at(case, seat.part, board.position(seat.meant)))
        return value

    def _value_at(self, case: Case, part: Part, position: int) -> float:
        board = self.board(part)
        value = board.fresh_worth_at(position, case.begins, case.half_life, explores=part.explores)
        value *= board.variety_at(position, case.item.topics)
        return value * values.STAYING if part.held == board.number(position) else value

    def _with(self, case: Case, leader: Part, follower: Part) -> Numbers:
        """What the follower would be worth for each pick of its leader, were nothing else to move."""
        worth = self.values(case, follower)
        allowed = self.allowed(case, follower, case.begins)
        pickable = self.pickable(case, follower, allowed)
        found = np.zeros(len(worth) + 1)  # the last for a leader behind which there is nothing
        if follower.offset is None:
            np.maximum.accumulate((worth * pickable)[::-1], out=found[:-1][::-1])
            return found[self._path(leader, follower, case.spacing)]
        found[:-1] = worth
        put_off = found[_next(pickable)]
        found[:-1] = np.where(allowed, worth, np.minimum(worth, put_off))
        return found[self._path(leader, follower, follower.offset)]

    def _path(self, leader: Part, follower: Part, after: int) -> Positions:
        """Of each pick of the leader's the position on the follower's board that lies so long after it."""
        key = (leader.account, follower.account, after)
        if key not in self._paths:
            leading = self.board(leader)
            self._paths[key] = np.searchsorted(self.board(follower).at, leading.of_picks(leading.at) + after)
        return self._paths[key]

    def _seat_of(self, case: Case, part: Part, lead: int) -> Seat | None:
        """What a follower can have when its leader goes out at `lead`."""
        board = self.board(part)
        allowed = self.allowed(case, part, lead)
        pickable = self.pickable(case, part, allowed)
        if part.offset is None:
            if not pickable.any():
                return None
            return Seat(part, int(np.argmax(np.where(pickable, self.values(case, part), -1.0))))
        meant = lead + part.offset
        position = board.position(meant)
        if board.has(meant) and allowed[position]:
            return Seat(part, position, meant)
        later = np.flatnonzero(pickable[position:])
        return Seat(part, position + int(later[0]), meant) if len(later) else None


def _telling(case: Case, at: int) -> Telling:
    return Telling(at, case.spacing, case.item.canonical_id)


def _next(flags: Flags) -> Positions:
    """Of each position the first from there on that has its flag; their number where there is none."""
    found = np.where(flags, np.arange(len(flags)), len(flags))
    return np.minimum.accumulate(found[::-1])[::-1]


def _boards(
    calendars: Sequence[AccountCalendar], cases: Sequence[Case], clockwork: Clockwork, campaigns: Mapping[UUID, int]
) -> list[Board]:
    held: defaultdict[int, set[int]] = defaultdict(set)
    single: defaultdict[int, set[int]] = defaultdict(set)
    follows: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    buffers: defaultdict[int, timedelta] = defaultdict(timedelta)
    gaps: defaultdict[int, timedelta] = defaultdict(timedelta)
    for case in cases:
        for part in case.parts:
            gaps[part.account] = max(gaps[part.account], case.item.manners.topic_gap)
            if part.held is not None:
                held[part.account].add(part.held)
            if part.is_home:
                buffers[part.account] = max(buffers[part.account], case.item.manners.site_buffer)
            if part is not case.leader and part.offset is not None:
                if case.leader is not None:
                    follows[part.account].add((case.leader.account, part.offset))
                else:
                    single[part.account].add(max(0, case.lead + part.offset))
    own = [_own(calendar, held[account], clockwork) for account, calendar in enumerate(calendars)]
    return [
        Board(
            calendar,
            clockwork,
            own=own[account],
            following=[
                np.array(sorted(single[account]), np.int64),
                *(own[leader] + offset for leader, offset in sorted(follows[account])),
            ],
            buffer=buffers[account],
            topic_gap=gaps[account],
            campaigns=campaigns,
        )
        for account, calendar in enumerate(calendars)
    ]


def _own(calendar: AccountCalendar, held: Iterable[int], clockwork: Clockwork) -> Instants:
    """An account's slots, and the instants that its versions hold at present, from now on."""
    numbers = {*(clockwork.number(slot.at) for slot in calendar.slots), *held}
    return np.array(sorted(number for number in numbers if number >= 0), np.int64)
