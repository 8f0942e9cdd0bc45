"""When each account gets a post that was approved for an instant. Pure.

Skipped and repeated local times follow the rule of `pipeline.clock`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from pipeline import clock
from pipeline.vocabulary import TimingStrategy

_MON, _TUE, _WED, _THU, _FRI, _SAT, _SUN = 1, 2, 3, 4, 5, 6, 0


@dataclass(frozen=True, slots=True, order=True)
class PostingHour:
    """An hour of the local week at which an account's readers are there.

    `day_of_week` is 0 for Sunday to 6, as in the table `pattern_feedback`; `hour` is 0 to 23 and lasts until the next.
    """

    day_of_week: int
    hour: int


def _week(hours: Mapping[int, Iterable[int]]) -> frozenset[PostingHour]:
    return frozenset(PostingHour(day, hour) for day, of_day in hours.items() for hour in of_day)


# Where nothing was learned of an account. x, linkedin, instagram, tiktok: Sprout Social, "Best times to post on social
# media in 2023", an analysis of its customers' accounts, local time. youtube: Frederator's study of its network;
# uploads come some hours before the evening that watches them. mailchimp: our assumption, mid-week mornings. What is
# not here is found by search or by subscription, and goes out at once: our assumption as well.
DEFAULT_HOURS: Final[Mapping[str, frozenset[PostingHour]]] = {
    "x": _week(dict.fromkeys((_TUE, _WED, _THU, _FRI), (9, 10, 11))),
    "linkedin": _week(dict.fromkeys((_TUE, _WED), (10, 11))),
    "instagram": _week({_MON: (10, 11), _TUE: (9, 10, 11, 12), _WED: (10, 11, 12), _FRI: (9, 10)}),
    "tiktok": _week(dict.fromkeys((_TUE, _WED, _THU), (15, 16))),
    "youtube": _week(
        {
            **dict.fromkeys((_MON, _TUE, _WED), (14, 15)),
            **dict.fromkeys((_THU, _FRI), (12, 13, 14)),
            **dict.fromkeys((_SAT, _SUN), (9, 10)),
        }
    ),
    "mailchimp": _week(dict.fromkeys((_TUE, _WED, _THU), (10,))),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """An account that is to get the post. `timezone` is its IANA zone, the one that its posting hours are in."""

    timezone: str
    is_home: bool
    posting_hours: frozenset[PostingHour]


@dataclass(frozen=True, slots=True)
class Timing:
    """How a post's versions follow each other. `stagger` counts only where they are staggered."""

    strategy: TimingStrategy = TimingStrategy.SIMULTANEOUS
    stagger: timedelta = timedelta(0)


def intended_times(timing: Timing, approved: datetime, destinations: Sequence[Destination]) -> list[datetime]:
    """The instant for each destination, in their order; none is before `approved`, and the home's is `approved`.

    Simultaneous: all at once. Staggered: one after another in the order given, each a stagger after the one before, the
    first of them a stagger after the home where there is one. Optimized: each at its next posting hour.
    """
    match timing.strategy:
        case TimingStrategy.SIMULTANEOUS:
            return [approved for _ in destinations]
        case TimingStrategy.STAGGERED:
            return _staggered(timing.stagger, approved, destinations)
        case TimingStrategy.OPTIMIZED:
            return [
                approved if to.is_home else next_posting_time(approved, to.timezone, to.posting_hours)
                for to in destinations
            ]


def next_posting_time(moment: datetime, zone: str, hours: frozenset[PostingHour]) -> datetime:
    """`moment` itself when it lies in a posting hour or there are none; else the beginning of the next one."""
    here = clock.local(moment, zone)
    if not hours or PostingHour(_day_of_week(here), here.hour) in hours:
        return moment
    # Eight days: today's hours may be over, and then come back on the same day of the next week.
    days = [here.date() + timedelta(days=n) for n in range(8)]
    begins = (
        clock.instant(datetime.combine(day, time(at.hour)), zone)
        for day in days
        for at in hours
        if at.day_of_week == _day_of_week(day)
    )
    return min(begin for begin in begins if begin >= moment)


def _staggered(stagger: timedelta, approved: datetime, destinations: Sequence[Destination]) -> list[datetime]:
    times = []
    turn = int(any(to.is_home for to in destinations))
    for to in destinations:
        times.append(approved if to.is_home else approved + turn * stagger)
        turn += not to.is_home
    return times


def _day_of_week(day: date) -> int:
    return day.isoweekday() % 7
