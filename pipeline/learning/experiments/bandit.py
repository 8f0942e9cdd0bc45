"""Thompson sampling: what may be the best is given as often as it may be the best, and a little more. Pure.

Thompson, "On the likelihood that one unknown probability exceeds another", 1933. Plain sampling spends much on arms
that are hardly worse; raising the posterior to a power draws nearer to its middle (Chapelle and Li, "An empirical
evaluation of Thompson sampling", 2011, call it posterior reshaping; their alpha is one over this power).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

POWER: Final = 4.0
"""The posterior's, in choosing: its standard deviation is halved. Measured on real headlines: docs/experiments.md."""
ARM_SPREAD: Final = 0.2
"""The standard deviation, before any figure, of the logarithm of arms' figures about their common level."""
DRAWS: Final = 4000


@dataclass(frozen=True, slots=True)
class Rates:
    """Beta posteriors of arms' rates; arrays of one shape, the arms last."""

    successes: Numbers
    failures: Numbers

    def drawn(self, rng: np.random.Generator, power: float = 1.0, draws: tuple[int, ...] = ()) -> Numbers:
        """The arms' rates, once or as many times; sharpened by the power."""
        return rng.beta(power * self.successes, power * self.failures, (*draws, *self.successes.shape))

    def log_ratios(self, rng: np.random.Generator) -> Numbers:
        """Draws of each arm's log ratio to the first."""
        logs = np.log(self.drawn(rng, draws=(DRAWS,)))
        found: Numbers = logs - logs[..., :1]
        return found


@dataclass(frozen=True, slots=True)
class Levels:
    """Normal posteriors of the levels of arms' log figures; arrays of one shape, the arms last."""

    means: Numbers
    deviations: Numbers

    def drawn(self, rng: np.random.Generator, power: float = 1.0, draws: tuple[int, ...] = ()) -> Numbers:
        """The arms' levels, once or as many times; sharpened by the power."""
        return rng.normal(self.means, self.deviations / np.sqrt(power), (*draws, *self.means.shape))

    def log_ratios(self, rng: np.random.Generator) -> Numbers:
        """Draws of each arm's log ratio to the first."""
        levels = self.drawn(rng, draws=(DRAWS,))
        found: Numbers = levels - levels[..., :1]
        return found


Posterior = Rates | Levels


def rates(successes: Numbers, trials: Numbers, prior: tuple[float, float], overdispersion: float = 1.0) -> Rates:
    """From counts by arm and a Beta prior, learned of earlier posts.

    Where rates vary from post to post beyond chance, so many trials tell as little as `overdispersion` times fewer.
    """
    return Rates(prior[0] + successes / overdispersion, prior[1] + (trials - successes) / overdispersion)


def levels(figures: Sequence[Sequence[float]], spread: float) -> Levels:
    """From each arm's log figures, of which one strays by `spread`, drawn towards what all of them have in common."""
    counts = np.array([len(each) for each in figures], np.float64)
    everything = [value for each in figures for value in each]
    common = float(np.mean(everything)) if everything else 0.0
    sums = np.array([sum(each) for each in figures], np.float64)
    precision = ARM_SPREAD**-2 + counts / spread**2
    means = (common * ARM_SPREAD**-2 + sums / spread**2) / precision
    return Levels(means, precision**-0.5)


def best(
    posterior: Posterior, rng: np.random.Generator, power: float = POWER, draws: tuple[int, ...] = ()
) -> NDArray[np.intp]:
    """A draw, or as many, of which arm is the best, by its number."""
    found: NDArray[np.intp] = np.argmax(posterior.drawn(rng, power, draws), axis=-1)
    return found


def chances(posterior: Posterior, seed: Sequence[int], power: float = POWER) -> list[float]:
    """With which probability each of the arms is drawn as the best; the same seed gives the same."""
    drawn = best(posterior, np.random.default_rng(seed), power, (DRAWS,))
    arms = len(posterior.successes if isinstance(posterior, Rates) else posterior.means)
    return [float(each) / DRAWS for each in np.bincount(drawn, minlength=arms)]


def alike(posterior: Posterior, margin: float, seed: Sequence[int]) -> float:
    """The probability that no arm's figure lies further from the first's than the margin, a fraction of it."""
    drawn = posterior.log_ratios(np.random.default_rng(seed))
    return float((np.abs(drawn) <= np.log1p(margin)).all(axis=-1).mean())
