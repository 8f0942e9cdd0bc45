"""Always-valid inference: intervals that hold at every moment at once, so that looking early is safe. Pure.

Both tests are mixtures of test supermartingales: by Ville's inequality the chance that the evidence against a true
hypothesis ever passes 1 / level is at most the level, whenever and however often somebody looks (Robbins, "Statistical
methods related to the law of the iterated logarithm", 1970; Johari and others, "Always valid inference", 2022). Neither
rests on large numbers. Effects are natural logarithms of the ratio of an arm's figure to the control's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

Numbers = NDArray[np.float64]

WIDEST: Final = math.log(100)
"""No effect beyond a hundredfold is considered."""
_GRID: Final = 601
_REACH: Final = 8.0
"""In standard deviations: what lies beyond adds nothing to a normal mixture."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A log ratio with its always-valid interval; infinite where nothing can be said.

    `evidence` is the natural logarithm of the evidence against "no difference": its e-value.
    """

    estimate: float
    low: float
    high: float
    evidence: float

    def within(self, margin: float) -> bool:
        """Whether the ratio certainly lies within the margin, a fraction of the control's figure: 0.05 is ± 5 %."""
        bound = math.log1p(margin)
        return -bound <= self.low and self.high <= bound


NOTHING: Final = Interval(0.0, -math.inf, math.inf, 0.0)


def boundary(information: float, mixing: float, level: float) -> float:
    """How many standard errors an effect must reach to be told from none once there is so much information.

    The normal mixture's boundary; `information` and `mixing` are in the same unit.
    """
    total = information + mixing
    return math.sqrt(2 * total / information * math.log(math.sqrt(total / mixing) / level))


def mixing_for(information: float, level: float) -> float:
    """The mixture that is the narrowest at that information (Howard and others, "Time-uniform, nonparametric,
    nonasymptotic confidence sequences", 2021, section 3.5, to the first order).
    """
    steep = -2 * math.log(level)
    return information / (steep + math.log1p(steep))


def pairs(differences: Sequence[float] | Numbers, level: float, mixing: float) -> Interval:
    """Of the differences of log figures within randomised pairs, in the order in which they were complete.

    A lot decided which of the two had which arm. So under an effect that multiplies every post's figure by the same,
    a difference less the effect is as likely as its opposite: for such, exp(sum·x - squares·x²/2) is a supermartingale
    for each x, whatever the figures' distribution (de la Peña, "A general class of exponential inequalities for
    martingales and ratios", 1999). `mixing` is the inverse variance of the x that are mixed, and is set beforehand.
    """
    d = np.asarray(differences, np.float64)
    if not len(d):
        return NOTHING
    estimate = float(d.mean())
    width = max(WIDEST, abs(estimate))
    effects = np.union1d(np.linspace(-width, width, 8 * _GRID), [0.0, estimate])
    sums = d.sum() - len(d) * effects
    squares = (d**2).sum() - 2 * effects * d.sum() + len(d) * effects**2
    evidence = 0.5 * np.log(mixing / (mixing + squares)) + sums**2 / (2 * (mixing + squares))
    at_none = float(evidence[np.searchsorted(effects, 0.0)])
    kept = np.flatnonzero(evidence < -math.log(level))
    # The set need not be one interval for very few pairs: all between its ends is kept.
    low = -math.inf if kept[0] == 0 else float(effects[kept[0] - 1])
    high = math.inf if kept[-1] == len(effects) - 1 else float(effects[kept[-1] + 1])
    return Interval(estimate, low, high, at_none)


def ratio_of_rates(
    control: tuple[ArrayLike, ArrayLike], arm: tuple[ArrayLike, ArrayLike], level: float, spread: float
) -> Interval:
    """Of the rates of two arms, each given as (successes, trials) batch by batch.

    A batch's readers are split at random; its rate may be another than the batch's before. Of a batch's successes each
    is the arm's with the chance r·n / (m + r·n), r the ratio and n, m the trials. The likelihood of r' against r by
    that chance, mixed over r' with a normal of that spread on log r', has at most the expectation 1 where r is true:
    for Poisson counts (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022), and for binomial
    ones, since (1 + p·(x - 1)) ≤ exp(p·(x - 1)). It is conservative where rates are high. `spread` is set beforehand:
    it says where the interval is the narrowest, and has no part in whether it holds.
    """
    successes = np.asarray(control[0], np.float64), np.asarray(arm[0], np.float64)
    trials = np.asarray(control[1], np.float64), np.asarray(arm[1], np.float64)
    used = (trials[0] > 0) & (trials[1] > 0)
    ours, theirs = float(successes[1][used].sum()), float(successes[0][used].sum())
    if not ours + theirs:
        return NOTHING
    both = (successes[0] + successes[1])[used]
    at = _Likelihood(ours, both, trials[0][used], trials[1][used])
    peak = at.peak() if ours and theirs else math.copysign(WIDEST, ours - theirs)
    effects = _around(peak, ours, theirs, spread)
    likelihood = at(effects)
    prior = -0.5 * (effects / spread) ** 2 - math.log(spread * math.sqrt(2 * math.pi))
    mixed = logsumexp(likelihood + prior, b=_widths(effects))
    evidence = mixed - likelihood
    bound = -math.log(level)
    kept = np.flatnonzero(evidence < bound)
    low = -math.inf if kept[0] == 0 else _crossing(effects, evidence, kept[0] - 1, bound)
    high = math.inf if kept[-1] == len(effects) - 1 else _crossing(effects, evidence, kept[-1], bound)
    return Interval(peak, low, high, float(mixed - at(np.zeros(1))[0]))


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """The logarithm of the chance of the arm's share of the successes, up to a constant, by the log ratio. Concave."""

    ours: float
    both: Numbers
    control_trials: Numbers
    arm_trials: Numbers

    def __call__(self, effects: Numbers) -> Numbers:
        log_totals = np.logaddexp(np.log(self.control_trials)[:, None], np.log(self.arm_trials)[:, None] + effects)
        found: Numbers = self.ours * effects - (self.both[:, None] * log_totals).sum(axis=0)
        return found

    def peak(self) -> float:
        """Where it is the greatest: where as many successes are expected of the arm as it has."""
        from scipy.optimize import brentq

        def missing(effect: float) -> float:
            expected = self.both / (1 + self.control_trials / self.arm_trials * math.exp(-effect))
            return float(self.ours - expected.sum())

        return float(brentq(missing, -50.0, 50.0))


def _around(peak: float, ours: float, theirs: float, spread: float) -> Numbers:
    """Effects to integrate over: the whole mixture, and finely where the likelihood is."""
    error = math.sqrt(1 / max(ours, 0.5) + 1 / max(theirs, 0.5))
    reach = max(_REACH * spread, WIDEST)
    coarse = np.linspace(-reach, reach, _GRID)
    fine = np.linspace(peak - _REACH * error, peak + _REACH * error, _GRID)
    found: Numbers = np.union1d(coarse, fine)
    return found


def _widths(points: Numbers) -> Numbers:
    """The trapezoidal rule's weights."""
    steps = np.diff(points)
    return np.concatenate([steps[:1] / 2, (steps[:-1] + steps[1:]) / 2, steps[-1:] / 2])


def _crossing(effects: Numbers, evidence: Numbers, before: Any, bound: float) -> float:
    """Where the evidence crosses the bound between this point and the next."""
    low, high = float(evidence[before]), float(evidence[before + 1])
    share = (bound - low) / (high - low)
    return float(effects[before] + share * (effects[before + 1] - effects[before]))
