"""When a publication is asked for again, by its age. Pure.

The questions fall on whole steps of its age, not on a step after the last answer: a sync that comes minutes late each
time neither drifts nor skips an hour, and each publication is seen at the same ages as every other.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

_LADDER: Final = (
    (timedelta(hours=48), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=1)),
    (timedelta(days=90), timedelta(days=7)),
)
"""(until this age, once every): figures grow fast at first and hardly after a month."""
_BILLED_MARKS: Final = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 48))
_BILLED_HOUR: Final = 1
"""The hour, in UTC, at which an account's older publications are asked for together."""
_CLOSE: Final = 0.9
"""An answer at this share of a mark's age stands for the mark."""
_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)


def next_snapshot(published_at: datetime, now: datetime) -> datetime | None:
    """When to look again: hourly to 48 h, 6-hourly to 7 d, daily to 30 d, weekly to 90 d, then never (None).

    The ends of the four stretches are always among the times. One less than half a step away is passed over.
    """
    age = max(now - published_at, timedelta(0))
    begins = timedelta(0)
    for ends, every in _LADDER:
        if age < ends:
            at = begins + ((age - begins) // every + 1) * every
            return published_at + min(at if at - age >= every / 2 else at + every, ends)
        begins = ends
    return None


def next_billed(published_at: datetime, now: datetime) -> datetime | None:
    """The same where each figure costs money: at 1, 6, 24 and 48 h, daily to 30 d, weekly to 90 d, then never (None).

    The daily questions fall on one hour for all of an account: one pass over its timeline then answers them all, and a
    platform that charges once a UTC day charges once (https://docs.x.com/x-api/getting-started/pricing).
    """
    age = max(now - published_at, timedelta(0))
    for mark in _BILLED_MARKS:
        if age < mark * _CLOSE:
            return published_at + mark
    if age < _MONTH:
        earliest = now.astimezone(UTC) + _DAY / 2
        at = earliest.replace(hour=_BILLED_HOUR, minute=0, second=0, microsecond=0)
        return at if at >= earliest else at + _DAY
    return next_snapshot(published_at, now)
