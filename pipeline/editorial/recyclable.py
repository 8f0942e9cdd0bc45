"""Whether an article may be told again on an account now, and if not, why and until when. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.store.recycling import Limits, Pair

DEFAULT: Final = Limits(min_age=timedelta(days=90), gap=timedelta(days=60), most_per_week=3, most_times=4)
"""Of a vertical that has no rule of its own, where a person asks."""
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`until` is when it is gone; None where time alone does not remove it."""

    reason: str
    until: datetime | None = None


def obstacle(limits: Limits, pair: Pair, lately: int, now: datetime) -> Obstacle | None:
    """What keeps the article from being told again on the account; None where nothing does.

    `lately` is how many recycled posts of the account came out within the last `WEEK` or are not out yet. As they all
    count, no seven days ever see more come out than `most_per_week`, however late each is approved.
    """
    if pair.waiting is not None:
        return Obstacle(f"{pair.waiting} tells it already and is not out yet")
    if pair.times >= limits.most_times:
        return Obstacle(f"it was told again {_times(pair.times)} there, the most is {limits.most_times}")
    found = [
        _wait(pair.published_at, limits.min_age, f"it is younger than {_days(limits.min_age)}", now),
        _wait(pair.last_at, limits.gap, f"it was told there less than {_days(limits.gap)} ago", now),
        _wait(pair.refused_at, WEEK, f"nothing new could be made of it: {pair.refusal}", now),
    ]
    standing = [each for each in found if each is not None]
    if standing:
        return max(standing, key=lambda each: each.until or now)
    if lately >= limits.most_per_week:
        return Obstacle(f"the account has {lately} recycled posts this week, the most is {limits.most_per_week}")
    return None


def _wait(since: datetime | None, least: timedelta, reason: str, now: datetime) -> Obstacle | None:
    return Obstacle(reason, since + least) if since is not None and now < since + least else None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _days(duration: timedelta) -> str:
    return "a day" if duration.days == 1 else f"{duration.days} days"
