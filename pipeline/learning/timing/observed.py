"""What an account's publications say of its hours. Pure.

Each counts the less the older it is, and the more its figure had to be completed. Its log engagement is taken within
its account and four weeks, so that neither a large account nor a growing one, nor the season, passes for a good hour.
Publications of one day share that day's news: the day has an effect of its own, normal about none (a random intercept:
Laird and Ware, Biometrics 38, 1982), so that ten posts of one loud day do not speak for ten.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.timing.pooling import Said
from pipeline.learning.timing.week import HOURS, Integers, Numbers, waves

HALF_LIFE: Final = timedelta(days=90)
"""After which a publication counts half: our own judgement of how fast an audience's habits change."""
BLOCK_DAYS: Final = 28
_OF_DAY: Final = 0.15
"""The variance that publications of one day share, to that of a publication. Measured on 10,193 posts of 40 news pages
(July 2017), where it was 0.148."""
_PRIOR_PUBLICATIONS: Final = 20.0
"""How many publications an account's noise is drawn to that of all accounts by."""


@dataclass(frozen=True, slots=True)
class Publications:
    """Parallel arrays: the account from 0, the hour of its local week (0 to 167), its local date as a count of days,
    the age in days, log engagement at the full age (NaN: unknown), and the variance that completing it added.
    """

    account: NDArray[np.intp]
    hour: Integers
    day: Integers
    age_days: Numbers
    log_engagement: Numbers
    added_variance: Numbers

    def known(self) -> "Publications":
        keep = ~np.isnan(self.log_engagement)
        return Publications(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


class Evidence(NamedTuple):
    """By account: what its publications say of its effect, how many there are in each hour of the week, and what all
    of them together count for (each of this moment counts 1).
    """

    said: Said
    counts: Integers
    weight: Numbers


def evidence(publications: Publications, accounts: int, *, half_life: timedelta | None) -> Evidence:
    """Of so many accounts, those without a known publication included, who say nothing. `half_life`: after which a
    publication counts half; None where all count alike, whatever their age.
    """
    known = publications.known()
    order = np.lexsort((known.day, known.account))
    bounds = np.searchsorted(known.account[order], np.arange(accounts + 1))
    weights = _weights(known, half_life)
    size = waves().shape[1]
    said = Said(np.zeros((accounts, size, size)), np.zeros((accounts, size)))
    counts, weight = np.zeros((accounts, HOURS), np.int64), np.zeros(accounts)
    squares, freedom = np.zeros(accounts), np.zeros(accounts)
    for account in range(accounts):
        own = order[bounds[account] : bounds[account + 1]]
        if not len(own):
            continue
        hour = known.hour[own]
        counts[account] = np.bincount(hour, minlength=HOURS)
        weight[account] = weights[own].sum()
        one = _of_account(hour, known.day[own], weights[own], known.log_engagement[own])
        said.precision[account], said.pull[account], squares[account], freedom[account] = one
    noise = _noise(squares, freedom)
    return Evidence(Said(said.precision / noise[:, None, None], said.pull / noise[:, None]), counts, weight)


def _weights(known: Publications, half_life: timedelta | None) -> Numbers:
    recent = 1.0 if half_life is None else np.exp2(-known.age_days / (half_life / timedelta(days=1)))
    complete = known.added_variance == 0
    noise = float(known.log_engagement[complete].var()) if complete.any() else 1.0
    return np.asarray(recent / (1 + known.added_variance / max(noise, 1e-9)))


def _of_account(hour: Integers, day: Integers, weights: Numbers, y: Numbers) -> tuple[Numbers, Numbers, float, float]:
    """The weighted cross products of waves and log engagement, of log engagement with itself, and the weight that is
    left for the noise; all without what the days and the blocks explain, and before division by the noise.
    """
    days, of = np.unique(day, return_inverse=True)
    # By day: the weight at each hour, and the weighted sum.
    at_hours = np.bincount(of * HOURS + hour, weights, len(days) * HOURS).reshape(len(days), HOURS)
    waved, summed, weighed = at_hours @ waves(), np.bincount(of, weights * y), at_hours.sum(axis=1)
    shared = _OF_DAY / (1 + _OF_DAY * weighed)
    precision = waves().T @ (at_hours.sum(axis=0)[:, None] * waves()) - waved.T @ (shared[:, None] * waved)
    pull = waves().T @ np.bincount(hour, weights * y, HOURS) - waved.T @ (shared * summed)
    squares = float(weights @ y**2 - shared @ summed**2)
    left = 1 - shared * weighed
    blocks, block = np.unique((days[-1] - days) // BLOCK_DAYS, return_inverse=True)
    into = np.zeros((len(blocks), len(days)))
    into[block, np.arange(len(days))] = left
    level, waves_of, sum_of = into @ weighed, into @ waved, into @ summed
    precision -= waves_of.T @ (waves_of / level[:, None])
    pull -= waves_of.T @ (sum_of / level)
    squares -= float(sum_of**2 @ (1 / level))
    return precision, pull, max(squares, 0.0), max(float(weights.sum()) - len(blocks), 0.0)


def _noise(squares: Numbers, freedom: Numbers) -> Numbers:
    """Each account's variance of log engagement, drawn to that of all."""
    of_all = squares.sum() / freedom.sum() if freedom.sum() > 0 and squares.sum() > 0 else 1.0
    return np.asarray((squares + _PRIOR_PUBLICATIONS * of_all) / (freedom + _PRIOR_PUBLICATIONS))
