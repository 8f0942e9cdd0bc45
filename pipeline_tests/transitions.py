"""The instants at which a zone's clocks are set forward or back, and what a local time around them means."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=6)


@dataclass(frozen=True)
class Transition:
    """From `at` on the clocks run at `after` from UTC; until then, at `before`."""

    zone: str
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def first(self) -> datetime:
        """Where the local times begin that are skipped or repeated."""
        return self._local(min(self.before, self.after))

    @property
    def end(self) -> datetime:
        """The first local time behind them."""
        return self._local(max(self.before, self.after))

    @property
    def skips(self) -> bool:
        return self.after > self.before

    def intended(self, local: datetime) -> datetime:
        """The rule, told once more: until the last skipped or repeated local time, the old offset counts."""
        return (local - (self.before if local < self.end else self.after)).replace(tzinfo=UTC)

    def shown(self, local: datetime) -> datetime:
        """What the clocks show at the instant that is meant: later by the gap, for a time that they skip."""
        return local + self.after - self.before if self.skips and self.first <= local < self.end else local

    def _local(self, offset: timedelta) -> datetime:
        return (self.at + offset).replace(tzinfo=None)


@cache
def transitions(zone: str, start: datetime, end: datetime) -> tuple[Transition, ...]:
    """Those between two instants, to the second."""
    return tuple(_search(zone, start, end))


def coming(zone: str) -> tuple[Transition, ...]:
    """Those of the year from tomorrow on."""
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return transitions(zone, tomorrow, tomorrow + timedelta(days=366))


def of_year(zone: str, year: int) -> tuple[Transition, ...]:
    return transitions(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))


def _search(zone: str, start: datetime, end: datetime) -> Iterator[Transition]:
    here = start
    while here < end:
        there = here + _STEP
        before, after = _offset(zone, here), _offset(zone, there)
        if before != after:
            yield Transition(zone, _first_with(zone, here, there), before, after)
        here = there


def _first_with(zone: str, before: datetime, after: datetime) -> datetime:
    """The first instant that has the offset of `after`, by halves."""
    new = _offset(zone, after)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (before, middle) if _offset(zone, middle) == new else (middle, after)
    return after


def _offset(zone: str, instant: datetime) -> timedelta:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset
