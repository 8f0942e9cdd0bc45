"""The calendar as a picture: accounts below each other, their local days side by side. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from pipeline import clock
from pipeline.scheduling.days import DAY, odd_hours
from pipeline.scheduling.model import Span
from pipeline.writing.picture import Picture

_MOST_ROWS: Final = 60
"""More than a screen or four of them nobody looks at; the text beside the picture has all."""


class Kind(StrEnum):
    """FREE, PRIME and TEST are free; LOCKED is free for a person only; the others are taken.

    MOVED: where this plan puts it. CONFLICT: something stands in its way.
    """

    FREE = "free"
    PRIME = "prime"
    TEST = "test"
    LOCKED = "locked"
    TAKEN = "taken"
    MOVED = "moved"
    CONFLICT = "conflict"


IS_TAKEN: Final = frozenset({Kind.TAKEN, Kind.MOVED, Kind.CONFLICT})


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of the calendar; `at` is UTC."""

    at: datetime
    kind: Kind


@dataclass(frozen=True, slots=True)
class Row:
    """An account. `timezone` is its IANA zone; `closed` are its quiet hours and blackouts."""

    account_key: str
    timezone: str
    marks: Sequence[Mark]
    closed: Sequence[Span] = ()


def draw(rows: Sequence[Row], *, begins: date, now: datetime, days: int = 14) -> Picture:
    """The `days` local days from `begins` on of each account, in the order given.

    Marks outside these days are left out, and so are rows after the sixtieth.
    """
    from pipeline.scheduling.painting import paint

    shown = [Shown.of(row, begins, days) for row in rows[:_MOST_ROWS]]
    return Picture(paint(shown, len(rows) - len(shown), begins, now, days), _in_words(shown, len(rows), begins, days))


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as far as it is within the picture; `x` of a mark is in days from its left edge."""

    row: Row
    marks: Sequence[tuple[float, Mark]]
    closed: Sequence[tuple[float, float]]
    odd_days: Mapping[int, float]
    """Hours of the days that the clocks make shorter or longer, by their number from the left."""

    @classmethod
    def of(cls, row: Row, begins: date, days: int) -> "Shown":
        placed = [(x_of(mark.at, row.timezone, begins), mark) for mark in row.marks]
        closed = [
            (x_of(span.begins, row.timezone, begins), x_of(span.ends, row.timezone, begins)) for span in row.closed
        ]
        lengths = {n: odd_hours(begins + n * DAY, row.timezone) for n in range(days)}
        return cls(
            row,
            [(x, mark) for x, mark in placed if 0 <= x < days],
            [(max(left, 0.0), min(right, float(days))) for left, right in closed if right > 0 and left < days],
            {n: hours for n, hours in lengths.items() if hours is not None},
        )

    def taken_by_day(self) -> Counter[int]:
        return Counter(int(x) for x, mark in self.marks if mark.kind in IS_TAKEN)


def x_of(at: datetime, zone: str, begins: date) -> float:
    return (clock.local(at, zone) - datetime.combine(begins, time())) / DAY


def _in_words(rows: Sequence[Shown], of: int, begins: date, days: int) -> str:
    last = begins + (days - 1) * DAY
    head = f"Calendar of {_counted(of, 'account')}, {begins:%-d %b} to {last:%-d %b %Y}."
    more = [f"{of - len(rows)} more accounts are not shown."] if of > len(rows) else []
    return " ".join([head, *(_row_in_words(shown, begins) for shown in rows), *more])


def _row_in_words(shown: Shown, begins: date) -> str:
    count = Counter(mark.kind for _, mark in shown.marks)
    taken = sum(count[kind] for kind in IS_TAKEN)
    said = [f"{_counted(taken, 'post')}"]
    if taken:
        busiest, most = min(shown.taken_by_day().items(), key=lambda item: (-item[1], item[0]))
        said[0] += f", most on {begins + busiest * DAY:%-d %b} ({most})"
    said += [f"{words}: {count[kind]}" for kind, words in _WORDS.items() if count[kind]]
    said += [f"{begins + n * DAY:%-d %b} has {hours:g} hours" for n, hours in shown.odd_days.items()]
    if shown.closed:
        said.append("closed at times")
    return f"{shown.row.account_key} ({shown.row.timezone}): {'; '.join(said)}."


_WORDS: Final[Mapping[Kind, str]] = {
    Kind.MOVED: "moved by this plan",
    Kind.CONFLICT: "in conflict",
    Kind.FREE: "regular slots free",
    Kind.PRIME: "prime slots free",
    Kind.TEST: "test slots free",
    Kind.LOCKED: "slots locked",
}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
