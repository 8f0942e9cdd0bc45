"""How engagement grows with age, by platform: what a young publication has yet to come to. Pure.

Growth is taken as a factor: the log engagement at the full age less that at a younger age is much the same whatever the
publication, which for the views of videos and stories Szabo and Huberman found (Communications of the ACM 53(8), 2010).
A platform's factor is drawn towards that of all platforms, as strongly as `_PRIOR` publications would.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.timing.week import Numbers

_PRIOR: Final = 20
_FEWEST: Final = 20
"""With fewer publications of known growth in all, none is completed."""


@dataclass(frozen=True, slots=True)
class Completed:
    """Log engagement at the full age, NaN where it can't be told, and the variance that completing it added."""

    log_engagement: Numbers
    variance: Numbers


def complete(engagements: Numbers, platforms: NDArray[np.intp]) -> Completed:
    """`engagements`: publications by ages, the full age last, NaN where unknown; `platforms` from 0.

    A publication counts with its oldest known figure. Zero counts: it is log(1 + engagements).
    """
    logs = np.log1p(engagements)
    log_engagement = logs[:, -1].copy()
    variance = np.zeros(len(logs))
    for age in range(logs.shape[1] - 2, -1, -1):
        grown = logs[:, -1] - logs[:, age]
        young = np.isnan(log_engagement) & ~np.isnan(logs[:, age])
        known = ~np.isnan(grown)
        if not young.any() or known.sum() < _FEWEST:
            continue
        means, variances = _by_platform(grown[known], platforms[known], int(platforms.max()) + 1)
        log_engagement[young] = logs[young, age] + means[platforms[young]]
        variance[young] = variances[platforms[young]]
    return Completed(log_engagement, variance)


def _by_platform(grown: Numbers, platforms: NDArray[np.intp], count: int) -> tuple[Numbers, Numbers]:
    mean, spread = float(grown.mean()), float(grown.var())
    known = np.bincount(platforms, minlength=count)
    means = (np.bincount(platforms, grown, count) + _PRIOR * mean) / (known + _PRIOR)
    squares = np.bincount(platforms, (grown - means[platforms]) ** 2, count)
    return means, (squares + _PRIOR * spread) / (known + _PRIOR)
