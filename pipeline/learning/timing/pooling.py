"""Effects of the week's hours, pooled: each account's lies about its platform's, each platform's about that of all.

A Gaussian tree. An account's effect is normal about its platform's, which is normal about that of all, which is normal
about none; how far each strays, apart for the hour's effect and for the days' differences, is learned from all accounts
together by the largest marginal likelihood (empirical Bayes: Efron and Morris 1973; Gelman et al., "Bayesian Data
Analysis", 3rd ed., ch. 5), under a mild prior that keeps a spread near 0 where little speaks for one. So an account
with few publications is near its platform's effect and one with many speaks for itself. What the data say of an effect
b is exp(-b'Ab/2 + c'b); such messages go up the tree and come down again, which is exact. Pure.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.timing.week import Numbers, is_of_the_hour

_LEVELS: Final = 3
_KINDS: Final = 2
_SPREAD: Final = 0.3
"""The mean of the prior on a spread (a standard deviation of log engagement): an hour that changes engagement by a
third is nothing unusual. Exponential, as Simpson et al. 2017 give for such spreads."""
_SMALLEST: Final = 1e-3
_LARGEST: Final = 3.0


class Said(NamedTuple):
    """What data say of effects: `precision` by waves and waves, `pull` by waves. Of one, or stacked of many."""

    precision: Numbers
    pull: Numbers


@dataclass(frozen=True, slots=True)
class Effect:
    """An account's effect by waves: normal, in log engagement."""

    mean: Numbers
    covariance: Numbers


@dataclass(frozen=True, slots=True)
class Spreads:
    """Variances by waves, of the accounts' effects about their platform's, those about that of all, that about none."""

    account: Numbers
    platform: Numbers
    all: Numbers

    @classmethod
    def of(cls, logs: Numbers) -> "Spreads":
        """`logs`: of the standard deviations, for account, platform, all, each of the hour's and the days' effect."""
        hour = is_of_the_hour()
        variances = np.exp(2 * logs).reshape(_LEVELS, _KINDS)
        return cls(*(np.where(hour, of_hour, of_days) for of_hour, of_days in variances))


def learn_spreads(said: Said, platforms: NDArray[np.intp]) -> Spreads:
    """The spreads under which what the accounts say is likeliest. `platforms`: of each account, from 0."""
    from scipy.optimize import fmin_l_bfgs_b

    count = _LEVELS * _KINDS
    found, *_ = fmin_l_bfgs_b(
        lambda logs: -_log_posterior(logs, said, platforms),
        np.full(count, np.log(_SPREAD / 2)),
        approx_grad=True,
        bounds=[(float(np.log(_SMALLEST)), float(np.log(_LARGEST)))] * count,
        maxiter=25,
        factr=1e-5 / np.finfo(float).eps,
    )
    return Spreads.of(found)


def effects(said: Said, platforms: NDArray[np.intp], spreads: Spreads) -> list[Effect]:
    """Each account's effect, by what itself, its platform's others, and all others say."""
    from_accounts, _ = _passed_up(said, spreads.account)
    of_platforms = _sums(from_accounts, platforms)
    from_platforms, _ = _passed_up(of_platforms, spreads.platform)
    of_all = Said(from_platforms.precision.sum(axis=0), from_platforms.pull.sum(axis=0))
    found = []
    for account, platform in enumerate(platforms.tolist()):
        # What comes down must not hold what went up from the same branch.
        above = _known(_without(of_all, from_platforms, platform), spreads.all)
        around = _updated(above, spreads.platform, _without(_at(of_platforms, platform), from_accounts, account))
        found.append(_updated(around, spreads.account, _at(said, account)))
    return found


def _log_posterior(logs: Numbers, said: Said, platforms: NDArray[np.intp]) -> float:
    spreads = Spreads.of(logs)
    from_accounts, of_accounts = _passed_up(said, spreads.account)
    from_platforms, of_platforms = _passed_up(_sums(from_accounts, platforms), spreads.platform)
    everything = Said(from_platforms.precision.sum(axis=0)[None], from_platforms.pull.sum(axis=0)[None])
    _, of_all = _passed_up(everything, spreads.all)
    # The exponential prior of a standard deviation, as a density of its logarithm.
    prior = float((logs - np.exp(logs) / _SPREAD).sum())
    return of_accounts + of_platforms + of_all + prior


def _passed_up(said: Said, variances: Numbers) -> tuple[Said, float]:
    """What is said of the effects that these lie about, and the log of the factor that falls out."""
    root = np.sqrt(variances)
    scaled = root[:, None] * said.precision  # of S A, with S S the variances
    inner = np.eye(len(root)) + scaled * root
    lower = np.linalg.cholesky(inner)
    right = np.concatenate([scaled, (root * said.pull)[..., None]], axis=-1)
    half = np.linalg.solve(lower, right)
    of_precision, of_pull = half[..., :-1], half[..., -1]
    transposed = np.swapaxes(of_precision, -1, -2)
    passed = Said(said.precision - transposed @ of_precision, said.pull - (transposed @ of_pull[..., None])[..., 0])
    diagonals = np.diagonal(lower, axis1=-2, axis2=-1)
    return passed, float(0.5 * (of_pull**2).sum() - np.log(diagonals).sum())


def _known(said: Said, variances: Numbers) -> Effect:
    """What is known of an effect about none."""
    return _updated(Effect(np.zeros_like(variances), np.zeros((len(variances),) * 2)), variances, said)


def _updated(around: Effect, variances: Numbers, said: Said) -> Effect:
    """An effect that lies so far about another, with what is said of itself."""
    prior = around.covariance + np.diag(variances)
    gain = np.linalg.solve(np.eye(len(variances)) + prior @ said.precision, prior)
    return Effect(around.mean + gain @ (said.pull - said.precision @ around.mean), (gain + gain.T) / 2)


def _sums(said: Said, groups: NDArray[np.intp]) -> Said:
    count = int(groups.max()) + 1
    precision = np.zeros((count, *said.precision.shape[1:]))
    pull = np.zeros((count, said.pull.shape[1]))
    np.add.at(precision, groups, said.precision)
    np.add.at(pull, groups, said.pull)
    return Said(precision, pull)


def _at(said: Said, place: int) -> Said:
    return Said(said.precision[place], said.pull[place])


def _without(whole: Said, parts: Said, place: int) -> Said:
    return Said(whole.precision - parts.precision[place], whole.pull - parts.pull[place])
