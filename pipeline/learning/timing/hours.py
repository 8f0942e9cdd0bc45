"""What the hours of an account's week are worth to it, how surely, and a draw to learn more by. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.timing.observed import HALF_LIFE, Publications, evidence
from pipeline.learning.timing.pooling import Effect, Said, Spreads, effects, learn_spreads
from pipeline.learning.timing.week import HOURS, Integers, Numbers, posting_hour, waves
from pipeline.timing import PostingHour

EXPLORING: Final = 0.1
"""The share of versions whose hour is chosen by a draw instead of by what is known best; `bench/timing.py` shows what
other shares would have cost."""
ENOUGH: Final = 20.0
"""Recent publications, of this account or five times as many of its platform's others, before anything is said."""
_OF_OTHERS: Final = 5
_GOOD: Final = 0.9
"""A good hour, which is worth 1: the tenth part of the week is better."""
_HEARD: Final = 100
"""The spreads are learned from so many accounts, those with the most publications: more would hardly change them."""
_NORMAL_95: Final = 1.6448536269514722
"""So that an interval covers 90 %."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the local week. Its worth is relative: 1 is a good hour of this account, 0.8 brings a fifth fewer
    engagements than that. The worth lies with 90 % between `low` and `high`. `n` publications went out in it. `drawn`
    is one draw of what it may be worth (Thompson 1933). `beats_mean`: whether it is better than the account's week as
    a whole (True), worse (False), with 95 %; or not told apart from it (None).
    """

    hour: PostingHour
    value: float
    low: float
    high: float
    n: int
    drawn: float
    beats_mean: bool | None


@dataclass(frozen=True, slots=True)
class Week:
    """`hours` are all 168, Sunday's first; none where there is not enough to go by. `publications` have known figures;
    `weight` is what they count for, the older the less.
    """

    publications: int
    weight: float
    hours: Sequence[Hour]


@dataclass(frozen=True, slots=True)
class Account:
    """`platform` is its platform's number, from 0."""

    id: UUID
    platform: int


def learn(accounts: Sequence[Account], publications: Publications, *, now: datetime) -> list[Week]:
    """The week of each account, in their order. The same input gives the same weeks, draws included: they hang on the
    account and the ISO week of `now`, so that within a week a plan is not stirred by them.
    """
    if not accounts:
        return []
    found = evidence(publications, len(accounts), half_life=HALF_LIFE)
    platforms = np.array([account.platform for account in accounts], np.intp)
    enough = _enough(found.weight, platforms)
    weights, counts = found.weight.tolist(), found.counts.sum(axis=1).tolist()
    if not enough.any():
        return [Week(n, weight, ()) for n, weight in zip(counts, weights, strict=True)]
    pooled = effects(found.said, platforms, _spreads(publications, platforms))
    return [
        Week(n, weight, _hours(effect, of_hours, _seed(account.id, now)) if is_enough else ())
        for account, effect, of_hours, n, weight, is_enough in zip(
            accounts, pooled, found.counts, counts, weights, enough.tolist(), strict=True
        )
    ]


def _spreads(publications: Publications, platforms: NDArray[np.intp]) -> Spreads:
    # Not from what counts less: it is no noisier for its age, and would pass for less spread than there is.
    said, counts, _ = evidence(publications, len(platforms), half_life=None)
    heard = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:_HEARD])
    return learn_spreads(Said(said.precision[heard], said.pull[heard]), platforms[heard])


def _enough(weight: Numbers, platforms: NDArray[np.intp]) -> NDArray[np.bool_]:
    of_platform = np.bincount(platforms, weight)[platforms]
    return np.asarray((weight >= ENOUGH) | (of_platform - weight >= ENOUGH * _OF_OTHERS))


def _hours(effect: Effect, counts: Integers, seed: int) -> list[Hour]:
    mean = waves() @ effect.mean
    spread = np.sqrt(np.maximum(np.einsum("hi,ij,hj->h", waves(), effect.covariance, waves()), 0.0))
    good = float(np.quantile(mean, _GOOD))
    drawn = waves() @ _draw(effect, seed)
    value, low, high, worth = (
        np.exp(each - good).tolist() for each in (mean, mean - _NORMAL_95 * spread, mean + _NORMAL_95 * spread, drawn)
    )
    better, worse = (mean > _NORMAL_95 * spread).tolist(), (mean < -_NORMAL_95 * spread).tolist()
    return [
        Hour(
            hour=posting_hour(number),
            value=value[number],
            low=low[number],
            high=high[number],
            n=int(counts[number]),
            drawn=worth[number],
            beats_mean=True if better[number] else False if worse[number] else None,
        )
        for number in range(HOURS)
    ]


def _draw(effect: Effect, seed: int) -> Numbers:
    # By the triangular root, that moves little when the covariance does: tomorrow's draw of this week is today's.
    root = np.linalg.cholesky(effect.covariance + 1e-9 * np.eye(len(effect.mean)))
    return np.asarray(effect.mean + root @ np.random.default_rng(seed).standard_normal(len(effect.mean)))


def _seed(account_id: UUID, now: datetime) -> int:
    year, week, _ = now.isocalendar()
    return int.from_bytes(hashlib.blake2b(f"{account_id} {year}-W{week}".encode(), digest_size=8).digest())
