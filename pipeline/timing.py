"""How a post's versions follow each other, and the hours at which accounts' readers are there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

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
# not here is found by search or by subscription, and no hour of it is better: our assumption as well.
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
class Timing:
    """How a post's versions follow each other. `stagger` counts only where they are staggered."""

    strategy: TimingStrategy = TimingStrategy.SIMULTANEOUS
    stagger: timedelta = timedelta(0)


def offsets(timing: Timing, is_home: Sequence[bool]) -> list[timedelta | None]:
    """How long after the instant that a post is to go out at each of its versions does, in their order.

    Simultaneous: all at once. Staggered: one after another, each a stagger after the one before, the first of them a
    stagger after the home where there is one. Optimized: the home at the instant; the others are None, their times are
    chosen (`pipeline.scheduling`).
    """
    match timing.strategy:
        case TimingStrategy.SIMULTANEOUS:
            return [timedelta(0) for _ in is_home]
        case TimingStrategy.STAGGERED:
            return _staggered(timing.stagger, is_home)
        case TimingStrategy.OPTIMIZED:
            return [timedelta(0) if home else None for home in is_home]


def _staggered(stagger: timedelta, is_home: Sequence[bool]) -> list[timedelta | None]:
    found: list[timedelta | None] = []
    turn = int(any(is_home))
    for home in is_home:
        found.append(timedelta(0) if home else turn * stagger)
        turn += not home
    return found
