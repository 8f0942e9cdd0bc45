"""The tree of effects against the same normal distribution written down whole."""

import numpy as np
import pytest

from pipeline.learning.timing import pooling
from pipeline.learning.timing.pooling import Said, Spreads, effects
from pipeline.learning.timing.week import HOURS, is_of_the_hour, waves

PLATFORMS = np.array([0, 1, 0, 1, 1])
SIZE = waves().shape[1]


@pytest.fixture
def said():
    rng = np.random.default_rng(1)
    roots = rng.standard_normal((len(PLATFORMS), 30, SIZE)) * rng.random((len(PLATFORMS), 1, 1))
    return Said(np.swapaxes(roots, 1, 2) @ roots, rng.standard_normal((len(PLATFORMS), SIZE)))


SPREADS = Spreads.of(np.log([0.3, 0.1, 0.2, 0.05, 0.4, 0.15]))


def whole(spreads):
    """The prior covariance of all accounts' effects."""
    same = np.ones((len(PLATFORMS),) * 2)
    of_one = PLATFORMS[:, None] == PLATFORMS
    return sum(
        np.kron(shares, np.diag(variances))
        for shares, variances in (
            (same, spreads.all),
            (of_one.astype(float), spreads.platform),
            (np.eye(len(PLATFORMS)), spreads.account),
        )
    )


def joined(said):
    precision = np.zeros((len(PLATFORMS) * SIZE,) * 2)
    for number, each in enumerate(said.precision):
        part = slice(number * SIZE, (number + 1) * SIZE)
        precision[part, part] = each
    return precision, said.pull.ravel()


def test_each_accounts_effect_is_that_of_the_whole_distribution(said):
    prior = whole(SPREADS)
    precision, pull = joined(said)
    covariance = np.linalg.solve(np.eye(len(prior)) + prior @ precision, prior)
    mean = covariance @ pull
    for number, effect in enumerate(effects(said, PLATFORMS, SPREADS)):
        part = slice(number * SIZE, (number + 1) * SIZE)
        assert np.allclose(effect.mean, mean[part], atol=1e-8)
        assert np.allclose(effect.covariance, covariance[part, part], atol=1e-8)


def test_the_likelihood_of_spreads_is_that_of_the_whole_distribution(said):
    def directly(spreads):
        prior = whole(spreads)
        precision, pull = joined(said)
        inner = np.eye(len(prior)) + prior @ precision
        return 0.5 * pull @ np.linalg.solve(inner, prior @ pull) - 0.5 * np.linalg.slogdet(inner)[1]

    def without_prior(logs):
        return pooling._log_posterior(logs, said, PLATFORMS) - (logs - np.exp(logs) / pooling._SPREAD).sum()

    one, two = np.log([0.3, 0.1, 0.2, 0.05, 0.4, 0.15]), np.log([0.1, 0.4, 0.01, 0.3, 0.2, 0.6])
    assert np.isclose(without_prior(one) - without_prior(two), directly(Spreads.of(one)) - directly(Spreads.of(two)))


def test_the_waves_of_each_kind_have_the_variance_1_at_every_hour_and_no_level():
    for kind in (is_of_the_hour(), ~is_of_the_hour()):
        assert np.allclose((waves()[:, kind] ** 2).sum(axis=1), 1)
    assert np.allclose(waves().sum(axis=0), 0)
    every_day = waves()[:, is_of_the_hour()].reshape(7, HOURS // 7, -1)
    assert np.allclose(every_day, every_day[0])
