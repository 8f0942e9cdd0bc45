"""What earlier posts say an experiment can expect. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.learning.experiments.model import Outcome, Prior

ENOUGH: Final = 20
"""Fewer posts tell nothing that could be relied on."""
_LEAST_SPREAD: Final = 0.1
"""Of true rates, as a fraction of their mean: however alike posts were, an arm may be another."""
_LEAST_WEIGHT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Expected:
    """`spread`: the standard deviation of posts' log figures. `prior`: of a rate. `rate` and `readers`: of all posts
    together, and of the middle one. None where too few are known.
    """

    posts: int
    spread: float | None = None
    prior: Prior | None = None
    rate: float | None = None
    readers: float | None = None


def expected(figures: Sequence[tuple[int, int | None]]) -> Expected:
    """Of (amount, exposure) of an account's posts at one age."""
    known = [Outcome(0, 0, amount, exposure).log_figure for amount, exposure in figures]
    logs = [each for each in known if each is not None]
    if len(logs) < ENOUGH:
        return Expected(len(logs))
    spread = statistics.stdev(logs) or None
    exposed = [(amount, exposure) for amount, exposure in figures if exposure]
    amounts, exposures = sum(amount for amount, _ in exposed), sum(exposure for _, exposure in exposed)
    if not amounts or amounts >= exposures:
        return Expected(len(logs), spread)
    rate = amounts / exposures
    readers = statistics.median(exposure for _, exposure in exposed)
    return Expected(len(logs), spread, _prior(rate, exposed), rate, readers)


def _prior(rate: float, exposed: Sequence[tuple[int, int]]) -> Prior:
    """A Beta of posts' true rates by their moments, what chance adds taken off: an arm may lie as far off as a post.

    The overdispersion is Pearson's statistic over its degrees of freedom.
    """
    chance = [rate * (1 - rate) / exposure for _, exposure in exposed]
    strayed = [(amount / exposure - rate) ** 2 for amount, exposure in exposed]
    between = max(statistics.fmean(strayed) - statistics.fmean(chance), (_LEAST_SPREAD * rate) ** 2)
    weight = max(_LEAST_WEIGHT, rate * (1 - rate) / between - 1)
    pearson = sum(away / by_chance for away, by_chance in zip(strayed, chance, strict=True))
    return Prior(rate * weight, (1 - rate) * weight, max(1.0, pearson / max(1, len(exposed) - 1)))
