"""The exact optimum of a choice of times, by a mixed-integer program: what `choose` is held against.

It is written from the conditions, not from the way `choose` takes; of the boards it reads what each instant is worth
and which are open before anything is placed. A follower that can't go out with its leader may take any of the next
`_PUT_OFF` slots. Topics are left out: items that share one are no linear program of a size that can be solved.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from pipeline.scheduling.board import Board, Clockwork
from pipeline.scheduling.cases import Case, Part, case_of
from pipeline.scheduling.model import AccountCalendar, Item
from pipeline.scheduling.table import Table

_PUT_OFF = 8

_Taking = defaultdict[int, list[int]]
"""Of each instant the decisions that take it."""


class _Program:
    """Columns are decisions, each with its value; rows are `low <= sum <= high`."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._entries: list[tuple[int, int, float]] = []
        self._highs: list[float] = []

    def decision(self, value: float) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def at_most(self, high: float, columns: Sequence[int], less: Sequence[int] = ()) -> None:
        row = len(self._highs)
        self._highs.append(high)
        self._entries += [(row, column, 1.0) for column in columns]
        self._entries += [(row, column, -1.0) for column in less]

    def bound(self, seconds: float) -> tuple[float, float]:
        """The best value found, and the one that is proved to be out of reach beyond it."""
        rows, columns, factors = zip(*self._entries, strict=True)
        matrix = coo_array((factors, (rows, columns)), shape=(len(self._highs), len(self.values))).tocsr()
        solved = milp(
            -np.array(self.values),
            integrality=np.ones(len(self.values)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, -np.inf, np.array(self._highs)),
            options={"time_limit": seconds, "mip_rel_gap": 1e-4},
        )
        if solved.mip_dual_bound is None:
            raise RuntimeError(f"Nothing was proved within {seconds:.0f} s: {solved.message}")
        return (0.0 if solved.x is None else -float(solved.fun)), -float(solved.mip_dual_bound)


def optimum(
    items: Sequence[Item], calendars: Mapping[UUID, AccountCalendar], *, now: datetime, seconds: float
) -> tuple[float, float]:
    """The best value that was found within the time, and the proved bound of every value."""
    clockwork = Clockwork(now)
    order = sorted(calendars.values(), key=lambda calendar: calendar.key)
    numbers = {calendar.id: n for n, calendar in enumerate(order)}
    cases = [case_of(item, order, numbers, clockwork) for item in items]
    table = Table(order, cases, clockwork)
    program = _Program()
    taking: defaultdict[int, _Taking] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        _Post(program, table, case, taking).decide()
    for account, columns in taking.items():
        _limit(program, table.boards[account], columns)
    return program.bound(seconds)


class _Post:
    """The decisions about one post's versions."""

    def __init__(self, program: _Program, table: Table, case: Case, taking: defaultdict[int, _Taking]) -> None:
        self._program, self._table, self._case, self._taking = program, table, case, taking
        self._leading: list[tuple[int, int | None]] = []
        self._apart: _Taking = defaultdict(list)

    def decide(self) -> None:
        case = self._case
        if case.leader is None:
            self._leading = [(case.lead, None)]
        else:
            self._leading = list(self._choices(case.leader, case.begins))
            self._program.at_most(1, [column for _, column in self._leading if column is not None])
        for follower in case.followers:
            if follower.offset is None:
                self._best_time(follower)
            else:
                self._with_leader(follower, follower.offset)
        if case.keeps_apart:
            for first in sorted(self._apart):
                near = [at for at in self._apart if first <= at < first + case.spacing]
                self._program.at_most(1, [column for at in near for column in self._apart[at]])

    def _choices(self, part: Part, begins: int) -> list[tuple[int, int]]:
        """A decision for each slot that the version could have."""
        board = self._table.board(part)
        possible = self._table.pickable(self._case, part, self._table.allowed(self._case, part, begins))
        worth = self._table.values(self._case, part)
        found = []
        for position in np.flatnonzero(possible).tolist():
            at = board.number(position)
            column = self._program.decision(float(worth[position]))
            self._taking[part.account][at].append(column)
            self._apart[at].append(column)
            found.append((at, column))
        return found

    def _best_time(self, follower: Part) -> None:
        choices = self._choices(follower, max(self._case.begins, self._leading[0][0] if self._leading else 0))
        self._program.at_most(1, [column for _, column in choices])
        if self._case.leader is not None:
            for nth, (at, _) in enumerate(choices):
                before = [column for time, column in self._leading if time <= at and column is not None]
                self._program.at_most(0, [column for _, column in choices[: nth + 1]], before)

    def _with_leader(self, follower: Part, offset: int) -> None:
        board = self._table.board(follower)
        allowed = self._table.allowed(self._case, follower, self._case.begins)
        slots = np.flatnonzero(self._table.pickable(self._case, follower, allowed))
        worth = self._table.values(self._case, follower)
        for lead, leader in self._leading:
            meant = board.position(lead + offset)
            is_there = board.has(lead + offset)
            most = float(worth[meant]) if is_there else np.inf
            first = int(np.searchsorted(slots, meant))
            ways = [(other, min(float(worth[other]), most)) for other in slots[first : first + _PUT_OFF].tolist()]
            if is_there and allowed[meant]:
                ways = [(meant, most), *(way for way in ways if way[0] != meant)]
            columns = []
            for position, value in ways:
                columns.append(self._program.decision(value))
                self._taking[follower.account][board.number(position)].append(columns[-1])
            self._program.at_most(int(leader is None), columns, [] if leader is None else [leader])


def _limit(program: _Program, board: Board, columns: _Taking) -> None:
    times = sorted(columns)
    for limit in board.limits:
        for first in sorted({*times, *board.taken}):
            within = [at for at in times if first <= at < first + limit.width]
            standing = sum(first <= at < first + limit.width for at in board.taken)
            program.at_most(max(0, limit.most - standing), [column for at in within for column in columns[at]])
    if board.quota is not None:
        standing = sum(board.quota.begins < at < board.quota.ends for at in board.taken)
        within = [at for at in times if at < board.quota.ends]
        program.at_most(max(0, board.quota.most - standing), [column for at in within for column in columns[at]])
