"""Readers whose hours are known: what a rule of choosing hours costs against knowing them, over 90 days."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.timing.hours import Account, learn
from pipeline.learning.timing.observed import Publications
from pipeline.learning.timing.week import HOURS, waves
from pipeline.timing import DEFAULT_HOURS

Numbers = NDArray[np.float64]
Run = Mapping[str, float]
"""The regret of each rule."""

DAYS: Final = 90
_ACCOUNTS: Final = 8
_PLATFORMS: Final = ("x", "linkedin")
_A_DAY: Final = 3
_NIGHTS: Final = 3
_NOISE: Final = 1.1
_OF_DAY: Final = 0.4
_SPREADS: Final = (0.25, 0.15, 0.2)
"""Of log engagement: the effect of all, the platform's about it, the account's about that."""
_BEGINS: Final = datetime(2026, 1, 5, 3, tzinfo=UTC)


class Rule(Protocol):
    """Scores of the hours of each account's week, from what went out before `day`: the best offered one is taken."""

    def scores(
        self, account: NDArray[np.intp], hour: NDArray[np.int64], day: NDArray[np.int64], y: Numbers
    ) -> None: ...
    def of(self, account: int, rng: np.random.Generator) -> Numbers: ...


class Uniform:
    def scores(self, account: NDArray[np.intp], hour: NDArray[np.int64], day: NDArray[np.int64], y: Numbers) -> None:
        pass

    def of(self, account: int, rng: np.random.Generator) -> Numbers:
        return rng.random(HOURS)


class Seed:
    """The mean of each hour with three posts or more; before there are any, the platform's default hours."""

    def __init__(self) -> None:
        self._means = [self._default(_PLATFORMS[account % 2]) for account in range(_ACCOUNTS)]

    def scores(self, account: NDArray[np.intp], hour: NDArray[np.int64], day: NDArray[np.int64], y: Numbers) -> None:
        for number in range(_ACCOUNTS):
            own = account == number
            counts = np.bincount(hour[own], minlength=HOURS)
            if (counts >= 3).any():  # noqa: PLR2004 - the seed's own number
                # The seed takes the mean of the figures as they are.
                sums = np.bincount(hour[own], np.exp(y[own]), HOURS)
                self._means[number] = np.where(counts >= 3, sums / np.maximum(counts, 1), 0.0)  # noqa: PLR2004

    def of(self, account: int, rng: np.random.Generator) -> Numbers:
        # Hours that it ranks alike are taken in any order.
        return self._means[account] + 1e-9 * rng.random(HOURS)

    @staticmethod
    def _default(platform: str) -> Numbers:
        found = np.zeros(HOURS)
        found[[hour.day_of_week * 24 + hour.hour for hour in DEFAULT_HOURS[platform]]] = 1.0
        return found


class Learned:
    """Ours, learned every third night; a share of the posts goes by the week's draw."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._values: list[Numbers] = []
        self._drawn: list[Numbers] = []
        self._defaults = Seed()

    def scores(self, account: NDArray[np.intp], hour: NDArray[np.int64], day: NDArray[np.int64], y: Numbers) -> None:
        # A figure is whole after two days.
        today = int(day[-1]) + 1
        known = day <= today - 2
        publications = Publications(
            account[known], hour[known], day[known], (today - day[known]).astype(float), y[known], np.zeros(known.sum())
        )
        accounts = [Account(UUID(int=number), number % 2) for number in range(_ACCOUNTS)]
        weeks = learn(accounts, publications, now=_BEGINS + timedelta(days=today))
        self._values = [np.array([each.value for each in week.hours]) for week in weeks]
        self._drawn = [np.array([each.drawn for each in week.hours]) for week in weeks]

    def of(self, account: int, rng: np.random.Generator) -> Numbers:
        scores = self._drawn if rng.random() < self._share else self._values
        return scores[account] if scores and len(scores[account]) else self._defaults.of(account, rng)


def regrets(seed: int) -> Run:
    """One audience, and each rule on it."""
    rules: Mapping[str, Rule] = {
        "learned, 10 % explore": Learned(0.1),
        "learned, none explore": Learned(0.0),
        "learned, all explore": Learned(1.0),
        "the seed's average with three": Seed(),
        "any hour": Uniform(),
    }
    truth = _truth(np.random.default_rng(seed))
    return {name: _regret(truth, rule, np.random.default_rng([seed, 1])) for name, rule in rules.items()}


def _truth(rng: np.random.Generator) -> Numbers:
    """Log engagement by account and hour of the week."""
    of_all, of_platform, of_account = (
        spread * (rng.standard_normal((count, waves().shape[1])) @ waves().T)
        for spread, count in zip(_SPREADS, (1, len(_PLATFORMS), _ACCOUNTS), strict=True)
    )
    return of_all + of_platform[np.arange(_ACCOUNTS) % 2] + of_account


def _regret(truth: Numbers, rule: Rule, rng: np.random.Generator) -> float:
    account, hour, day, y = [], [], [], []
    regret = 0.0
    level = rng.normal(5, 1, _ACCOUNTS)
    for today in range(DAYS):
        news = rng.normal(0, _OF_DAY, _ACCOUNTS)
        for number in range(_ACCOUNTS):
            free = today % 7 * 24 + np.arange(24)
            regret += float(np.sort(truth[number, free])[-_A_DAY:].sum())
            for _ in range(_A_DAY):
                noise = rng.normal(0, _NOISE)
                chosen = int(free[np.argmax(rule.of(number, rng)[free])])
                free = free[free != chosen]
                regret -= float(truth[number, chosen])
                account.append(number)
                hour.append(chosen)
                day.append(today)
                y.append(level[number] + truth[number, chosen] + news[number] + noise)
        if today % _NIGHTS == 0:
            rule.scores(np.array(account), np.array(hour), np.array(day), np.array(y))
    return regret
