"""Which of an account's rows gets which of its instants, all of them together. Pure.

Two exact steps. A limit over a span of time does not ask who goes out at an instant, only which instants are used: the
set that is worth most is a linear program, and as each of its rows is a run of consecutive instants, its vertices are
whole numbers (such a matrix is totally unimodular). Who gets which instant of the set is an assignment problem.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.scheduling.board import Board, Flags, Numbers, Positions

_NEVER = -1e6


def assign(board: Board, possible: Flags, worth: Numbers) -> list[int | None]:
    """The pick of each row, None for a row without. `possible` and `worth` are rows by the board's picks."""
    wanted = np.where(possible, worth, _NEVER)
    picks = _matched(wanted)
    if not possible.any() or _within_limits(board, picks):
        return picks
    columns = _permitted(board, np.where(possible, worth, 0.0).sum(axis=0))
    return [None if pick is None else int(columns[pick]) for pick in _matched(wanted[:, columns])]


def _matched(worth: Numbers) -> list[int | None]:
    """The column of each row: as many rows as can have one, and of such matchings one that is worth most."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = worth.shape
    kept = np.arange(columns)
    if 0 < rows < columns:
        # Of n rows none needs more than its n best columns.
        kept = np.unique(np.argpartition(worth, columns - rows, axis=1)[:, columns - rows :])
    found: list[int | None] = [None] * rows
    for row, column in zip(*linear_sum_assignment(worth[:, kept], maximize=True), strict=True):
        if worth[row, kept[column]] > _NEVER:
            found[int(row)] = int(kept[column])
    return found


def _within_limits(board: Board, picks: Sequence[int | None]) -> bool:
    used = board.at[board.picks[[pick for pick in picks if pick is not None]]]
    together = np.sort(np.concatenate([used, np.array(board.taken, np.int64)]))
    for limit in board.limits:
        if len(together) > limit.most and (together[limit.most :] - together[: -limit.most] < limit.width).any():
            return False
    if board.quota is None:
        return True
    return int(((together > board.quota.begins) & (together < board.quota.ends)).sum()) <= board.quota.most


def _permitted(board: Board, weights: Numbers) -> Positions:
    """Of the board's picks those that weigh most together, and that its limits let through together."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    lows, highs, left = _windows(board)
    lengths = highs - lows
    ends = np.cumsum(lengths)
    columns = np.arange(lengths.sum()) - np.repeat(ends - lengths - lows, lengths)
    matrix = csr_array((np.ones(len(columns)), columns, np.append(0, ends)), shape=(len(lows), len(weights)))
    solved = linprog(  # type: ignore[call-overload] # the stubs know nothing of the sparse matrices that it takes
        -weights,
        A_ub=matrix,
        b_ub=left,
        bounds=np.column_stack([np.zeros(len(weights)), weights > 0]),
        method="highs-ds",  # the simplex method ends in a vertex; presolving costs more here than it saves
        options={"presolve": False},
    )
    if solved.x is None:
        raise ArithmeticError(f"No set of instants was found for {board.calendar.key}: {solved.message}")
    return np.flatnonzero(solved.x > 0.5)  # noqa: PLR2004 - a whole number, told by a float


def _windows(board: Board) -> tuple[Positions, Positions, Positions]:
    """Runs of picks, each from a first until, and without, a last one, of which only so many can be used."""
    at, taken = board.of_picks(board.at), np.array(board.taken, np.int64)
    starts = np.unique(np.concatenate([at, taken]))
    spans = [(starts, starts + limit.width, limit.most) for limit in board.limits]
    if board.quota is not None:
        spans.append((np.array([board.quota.begins + 1]), np.array([board.quota.ends]), board.quota.most))
    lows, highs, left = [], [], []
    for begins, ends, most in spans:
        low, high = np.searchsorted(at, begins), np.searchsorted(at, ends)
        free = np.maximum(most - (np.searchsorted(taken, ends) - np.searchsorted(taken, begins)), 0)
        binds = high - low > free
        lows.append(low[binds])
        highs.append(high[binds])
        left.append(free[binds])
    return np.concatenate(lows), np.concatenate(highs), np.concatenate(left)
