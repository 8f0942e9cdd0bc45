"""Two ways to seat many posts: one by one, each at its best; and all of them together. Pure.

Together means: the leaders of each account are assigned at once, each instant weighed with what the followers could
have behind it; then the followers that have a best time of their own, account by account; then each post that got less
than it could have had is taken out and put where the post as a whole is worth most now, and of not too many posts two
at a time. The same input gives the same seats, in whatever order it comes: the cases are sorted, and a tie goes to the
earlier instant.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from pipeline.scheduling.assigning import assign
from pipeline.scheduling.cases import Case, Part
from pipeline.scheduling.table import Seat, Table

Seating = list[list[Seat]]
"""The seats of each case, in the order of the cases."""

_ASSIGNED = 300
"""An assignment's time grows with the cube of its rows."""
_FEW = 500
"""With more posts an exchange of two gains too little of the whole for its time."""
_PASSES = 2
_PASSES_OF_FEW = 4
_RETRIED = 1000
_EXCHANGED = 1000
_GAIN = 1e-9


def one_by_one(table: Table, cases: Sequence[Case]) -> Seating:
    table.clear()
    return [_seat(table, case) for case in cases]


def together(table: Table, cases: Sequence[Case]) -> Seating:
    table.clear()
    seating: Seating = [[] for _ in cases]
    _seat_bound(table, cases, seating)
    could_have = _seat_leaders(table, cases, seating)
    _seat_optimized(table, cases, seating, could_have)
    few = len(cases) <= _FEW
    for _ in range(_PASSES_OF_FEW if few else _PASSES):
        improved = _improve(table, cases, seating, could_have)
        exchanged = few and _exchange(table, cases, seating, could_have)
        if not improved and not exchanged:
            break
    return seating


def seated(table: Table, cases: Sequence[Case], seating: Seating) -> Seating:
    """The table with these seats and no other."""
    table.clear()
    for case, seats in zip(cases, seating, strict=True):
        _take_again(table, case, seats)
    return seating


def value(table: Table, cases: Sequence[Case], seating: Seating) -> float:
    return sum(_value(table, case, seats) for case, seats in zip(cases, seating, strict=True))


def _seat(table: Table, case: Case) -> list[Seat]:
    """Take the best that a post as a whole can have now."""
    seats: list[Seat] = []
    if case.leader is not None:
        possible, worth = table.options(case)
        if not possible.any():
            return seats
        pick = int(np.argmax(np.where(possible, worth, -1.0)))
        seats.append(table.take(case, Seat(case.leader, int(table.board(case.leader).picks[pick]))))
    return seats + table.follow(case, seats, case.followers)


def _seat_bound(table: Table, cases: Sequence[Case], seating: Seating) -> None:
    """Whose instant follows from a home that is not placed here: there is nothing to choose."""
    for number, case in enumerate(cases):
        if case.leader is None:
            seating[number] += table.follow(case, [], [part for part in case.followers if part.offset is not None])


def _seat_leaders(table: Table, cases: Sequence[Case], seating: Seating) -> list[float]:
    """Answers what each post could have had at most, were it alone with what was seated before its account."""
    could_have = [0.0] * len(cases)
    for account, numbers in _by_account(cases, lambda case: [case.leader] if case.leader else []):
        options = [table.options(cases[number]) for number, _ in numbers]
        possible, worth = (np.array(each) for each in zip(*options, strict=True))
        picks = assign(table.boards[account], possible, worth)
        best = np.where(possible, worth, 0.0).max(axis=1, initial=0.0).tolist()
        for (number, leader), pick, most in zip(numbers, picks, best, strict=True):
            could_have[number] = most
            if pick is not None:
                seating[number].append(table.take(cases[number], Seat(leader, int(table.boards[account].picks[pick]))))
        placed = [number for number, _ in numbers if seating[number]]
        placed.sort(key=lambda number: seating[number][0].position)
        for number in placed:
            bound = [part for part in cases[number].followers if part.offset is not None]
            seating[number] += table.follow(cases[number], seating[number], bound)
    return could_have


def _seat_optimized(table: Table, cases: Sequence[Case], seating: Seating, could_have: list[float]) -> None:
    for account, numbers in _by_account(cases, lambda case: [part for part in case.followers if part.offset is None]):
        board = table.boards[account]
        rows = []
        for number, part in numbers:
            case = cases[number]
            lead = table.lead(case, seating[number])
            if lead is not None:
                possible = table.pickable(case, part, table.allowed(case, part, lead))
                rows.append((number, part, board.of_picks(possible), board.of_picks(table.values(case, part))))
        if not rows:
            continue
        possible, worth = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
        picks = assign(board, possible, worth)
        best = np.where(possible, worth, 0.0).max(axis=1, initial=0.0).tolist()
        for (number, part, *_), pick, most in zip(rows, picks, best, strict=True):
            if cases[number].leader is None:
                could_have[number] += most
            # Two versions of one post may be on one account, and then too near each other.
            if pick is not None and _still_free(table, cases[number], part, int(board.picks[pick])):
                seating[number].append(table.take(cases[number], Seat(part, int(board.picks[pick]))))


def _still_free(table: Table, case: Case, part: Part, position: int) -> bool:
    return bool(table.allowed(case, part, case.begins)[position])


def _improve(table: Table, cases: Sequence[Case], seating: Seating, could_have: Sequence[float]) -> bool:
    """Whether a post found something better. Those that lack most come first, and no more than `_RETRIED` of them."""
    retried = _lacking(table, cases, seating, could_have)[:_RETRIED]
    found = [_reseat(table, cases[number], number, seating) for number in retried]
    return any(found)


def _lacking(table: Table, cases: Sequence[Case], seating: Seating, could_have: Sequence[float]) -> list[int]:
    """The numbers of the cases that got less than they could have had, those first that lack most."""
    worths = [_value(table, case, seats) for case, seats in zip(cases, seating, strict=True)]
    lacks = [(worth - most, number) for number, (worth, most) in enumerate(zip(worths, could_have, strict=True))]
    return [number for lack, number in sorted(lacks) if lack < -_GAIN]


def _exchange(table: Table, cases: Sequence[Case], seating: Seating, could_have: Sequence[float]) -> bool:
    """Whether two posts of an account are worth more when the one that lacks something chooses before the other."""
    by_account: defaultdict[int, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        for part in case.parts:
            by_account[part.account].append(number)
    pairs = (
        (number, other)
        for number in _lacking(table, cases, seating, could_have)
        for other in dict.fromkeys(other for part in cases[number].parts for other in by_account[part.account])
        if other != number
    )
    found = [_exchanged(table, cases, seating, one, other) for one, other in islice(pairs, _EXCHANGED)]
    return any(found)


def _exchanged(table: Table, cases: Sequence[Case], seating: Seating, one: int, other: int) -> bool:
    """Take both out, seat the one and then the other; keep it if it gained."""
    numbers = (one, other)
    before = [seating[number] for number in numbers]
    worth = sum(_value(table, cases[number], seating[number]) for number in numbers)
    for number in numbers:
        table.give_back(cases[number], seating[number])
    after = [_seat(table, cases[number]) for number in numbers]
    gains = (
        sum(_value(table, cases[number], seats) for number, seats in zip(numbers, after, strict=True)) > worth + _GAIN
    )
    if not gains:
        for number, seats in zip(numbers, after, strict=True):
            table.give_back(cases[number], seats)
        for number, seats in zip(numbers, before, strict=True):
            _take_again(table, cases[number], seats)
        return False
    for number, seats in zip(numbers, after, strict=True):
        seating[number] = seats
    return True


def _reseat(table: Table, case: Case, number: int, seating: Seating) -> bool:
    before = seating[number]
    worth = _value(table, case, before)
    table.give_back(case, before)
    if case.leader is not None:
        possible, worths = table.options(case)
        if np.where(possible, worths, 0.0).max(initial=0.0) <= worth + _GAIN:
            _take_again(table, case, before)
            return False
    after = _seat(table, case)
    if _value(table, case, after) > worth + _GAIN:
        seating[number] = after
        return True
    table.give_back(case, after)
    _take_again(table, case, before)
    return False


def _take_again(table: Table, case: Case, seats: Sequence[Seat]) -> None:
    for seat in seats:
        table.take(case, seat)


def _value(table: Table, case: Case, seats: Sequence[Seat]) -> float:
    return sum(table.value(case, seat) for seat in seats)


def _by_account(
    cases: Sequence[Case], parts: Callable[[Case], Sequence[Part]]
) -> list[tuple[int, list[tuple[int, Part]]]]:
    """Each account with its parts and the numbers of their cases; one with many, in several portions, and those first
    that grow stale first.
    """
    found: defaultdict[int, list[tuple[int, Part]]] = defaultdict(list)
    for number in sorted(range(len(cases)), key=lambda number: (cases[number].half_life, number)):
        for part in parts(cases[number]):
            found[part.account].append((number, part))
    return [
        (account, rows[first : first + _ASSIGNED])
        for account, rows in sorted(found.items())
        for first in range(0, len(rows), _ASSIGNED)
    ]
