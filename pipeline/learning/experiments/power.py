"""What an experiment can find, told before it starts. Pure.

Of an always-valid test, by its boundary when all figures are in: crossings before that come on top, so the power is
understated by a little. Effects are fractions of the control's figure: 0.2 is 20 % more.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scipy.stats import norm

from pipeline.learning.experiments.model import Design
from pipeline.learning.experiments.sequences import boundary, mixing_for

USUAL: Final = 0.8
"""The power that is usually asked for."""
EFFECTS: Final = (0.1, 0.2, 0.3, 0.5, 1.0)
_MOST_POSTS: Final = 10_000_000
_LARGEST: Final = 100.0


@dataclass(frozen=True, slots=True)
class Told:
    """What an experiment of so many posts (or campaigns) can find.

    `smallest`: the effect that is found four times in five; None where not even a hundredfold is. `chance_of`: the
    chance to find each of some effects, and how many posts it would take for four times in five.
    `posts_for_no_difference`: how many until the interval of an arm like the control lies within the margin.
    """

    smallest: float | None
    chance_of: tuple[tuple[float, float, int | None], ...]
    posts_for_no_difference: int | None


def told(design: Design, *, rate: float | None = None, readers: float | None = None) -> Told:
    """`rate` and `readers`, of an email split: the usual rate, and how many readers a campaign has.

    Raises:
        ValueError: a split without the two.
    """
    standard_error = _standard_error(design, rate, readers)

    def chance(effect: float, posts: int) -> float:
        return _power(design, standard_error, effect, posts)

    def posts_for(effect: float) -> int | None:
        return _least(lambda posts: _power(design, standard_error, effect, posts, planned=posts) >= USUAL, design)

    return Told(
        smallest=_smallest(lambda effect: chance(effect, design.most_posts)),
        chance_of=tuple((effect, chance(effect, design.most_posts), posts_for(effect)) for effect in EFFECTS),
        posts_for_no_difference=_least(
            lambda posts: _half_width(design, standard_error, posts) <= math.log1p(design.margin), design
        ),
    )


def split_spread(arms: int, campaigns: int, error_level: float, rate: float, readers: float) -> float:
    """The spread of log ratios at which an email split's interval is the narrowest when all campaigns are in."""
    information = campaigns * readers / arms * rate / 2
    return 1 / math.sqrt(mixing_for(information, error_level / (arms - 1)))


def _standard_error(design: Design, rate: float | None, readers: float | None) -> Callable[[int], float]:
    """Of the log ratio of an arm to the control, by how many posts there are."""
    arms = len(design.arms)
    if not design.is_split:
        return lambda posts: design.spread * math.sqrt(2 / max(1, posts // arms))
    if not rate or not readers:
        raise ValueError("the power of an email split takes its usual rate and number of readers")
    successes = rate * readers / arms
    return lambda campaigns: math.sqrt(2 / (campaigns * successes))


def _mixing(design: Design, standard_error: Callable[[int], float], planned: int) -> float:
    """In the unit of information, which is one over the squared standard error."""
    if design.is_split:
        return design.spread**-2
    return mixing_for(standard_error(planned) ** -2, design.compared_at)


def _power(
    design: Design, standard_error: Callable[[int], float], effect: float, posts: int, planned: int | None = None
) -> float:
    error = standard_error(posts)
    mixing = _mixing(design, standard_error, planned or design.most_posts)
    away = abs(math.log1p(effect)) / error
    return float(norm.cdf(away - boundary(error**-2, mixing, design.compared_at)))


def _half_width(design: Design, standard_error: Callable[[int], float], posts: int) -> float:
    error = standard_error(posts)
    return error * boundary(error**-2, _mixing(design, standard_error, posts), design.compared_at)


def _smallest(chance: Callable[[float], float]) -> float | None:
    low, high = 0.0, _LARGEST
    if chance(high) < USUAL:
        return None
    while high - low > high / 1000:
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= USUAL else (middle, high)
    return high


def _least(is_enough: Callable[[int], bool], design: Design) -> int | None:
    """The fewest posts that are, in whole blocks of a post for each arm; campaigns one by one."""
    step = 1 if design.is_split else len(design.arms)
    low, high = 0, 1
    while not is_enough(high * step):
        low, high = high, high * 2
        if high * step > _MOST_POSTS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle * step) else (middle, high)
    return high * step
