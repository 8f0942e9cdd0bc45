"""When an account's scheduled posts would leave, by what its limits and its platform's quota let through. Pure.

The rule is the claim's (`account_pace` in the migrations), applied to a future in which every attempt succeeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pace:
    """What an account may send; None is no limit.

    The platform said at `quota_reported_at` that it takes `quota_remaining` posts more before `quota_resets_at`.
    """

    min_interval: timedelta = timedelta(0)
    posts_per_hour: int | None = None
    posts_per_day: int | None = None
    quota_remaining: int | None = None
    quota_reported_at: datetime | None = None
    quota_resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """When it would leave. `limit` is what puts it off, in words; None where it leaves at its time."""

    at: datetime
    limit: str | None


def departures(pace: Pace, sent: Sequence[datetime], times: Sequence[datetime]) -> list[Departure]:
    """Of posts due at `times`, after those `sent` within the last 24 hours; both in order, oldest first."""
    history = list(sent)
    found = []
    for time in times:
        earliest, limit = max(_limits(pace, history), key=lambda each: each[0], default=(time, None))
        departure = Departure(earliest, limit) if earliest > time else Departure(time, None)
        found.append(departure)
        history.append(departure.at)
    return found


def _limits(pace: Pace, history: Sequence[datetime]) -> list[tuple[datetime, str]]:
    """The moments before which each limit lets nothing more through."""
    limits = []
    if history and pace.min_interval:
        minutes = round(pace.min_interval.total_seconds() / 60)
        limits.append((history[-1] + pace.min_interval, f"its limit of one post every {minutes} min"))
    for most, window, name in ((pace.posts_per_hour, _HOUR, "an hour"), (pace.posts_per_day, _DAY, "a day")):
        if most is not None and len(history) >= most:
            limits.append((history[-most] + window, f"its limit of {most} {name}"))
    if pace.quota_remaining is not None and pace.quota_reported_at is not None and pace.quota_resets_at is not None:
        since = sum(1 for moment in history if moment > pace.quota_reported_at)
        if since >= pace.quota_remaining:
            limits.append((pace.quota_resets_at, "the quota that its platform reported"))
    return limits
