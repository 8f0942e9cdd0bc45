"""The local week as a circle of 168 hours, and the waves that an effect over it is made of. Pure.

An effect is a sum of waves. Those that come a whole number of times a day are the same every day: they are the hour's
effect. The others are how one day differs from another. Quick waves are given less room than slow ones, as the waves
of a Gaussian kernel on the circle are (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, 4.2),
so neighbouring hours are alike, and so are Sunday's last hour and Monday's first.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.timing import PostingHour

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS: Final = 7
HOURS_A_DAY: Final = 24
HOURS: Final = DAYS * HOURS_A_DAY

_EVERY_DAY: Final = 5
"""The quickest wave of the hour's effect, in turns a day."""
_BETWEEN_DAYS: Final = 16
"""The quickest wave of the days' differences, in turns a week."""
_BREADTH_OF_HOUR: Final = 2.0
_BREADTH_BETWEEN_DAYS: Final = 4.0
"""The kernels' standard deviations, in hours: our own judgement of how far an hour speaks for its neighbours."""


def index(hour: PostingHour) -> int:
    """0 for Sunday's first hour to 167 for Saturday's last."""
    return hour.day_of_week * HOURS_A_DAY + hour.hour


def posting_hour(number: int) -> PostingHour:
    return PostingHour(*divmod(number, HOURS_A_DAY))


@cache
def waves() -> Numbers:
    """168 hours by waves. The sum of a kind's squares is 1 at every hour: a variance of a kind is that of its effect
    at an hour. No wave has a level: an effect sums to 0 over the week.
    """
    hours = 2 * np.pi * np.arange(HOURS) / HOURS
    columns = [np.sqrt(room) * wave(turns * hours) for turns, room in _rooms() for wave in (np.cos, np.sin)]
    return np.column_stack(columns)


@cache
def is_of_the_hour() -> NDArray[np.bool_]:
    """Which waves are the same every day."""
    return np.repeat([turns % DAYS == 0 for turns, _ in _rooms()], 2)


@cache
def _rooms() -> tuple[tuple[int, float], ...]:
    """Each wave's turns a week, and its share of its kind's variance."""
    daily = _shares([DAYS * turns for turns in range(1, _EVERY_DAY + 1)], _BREADTH_OF_HOUR)
    others = [turns for turns in range(1, _BETWEEN_DAYS + 1) if turns % DAYS]
    return (*daily, *_shares(others, _BREADTH_BETWEEN_DAYS))


def _shares(turns: list[int], breadth: float) -> list[tuple[int, float]]:
    room = np.exp(-0.5 * (2 * np.pi * np.array(turns) * breadth / HOURS) ** 2)
    return list(zip(turns, (room / room.sum()).tolist(), strict=True))
