"""Made-up accounts whose readers keep hours that the tests know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from pipeline.learning.timing.hours import Account, Week, learn
from pipeline.learning.timing.observed import Publications
from pipeline.learning.timing.week import HOURS, waves

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
EVENING = 0.6 * np.cos(2 * np.pi * (np.arange(HOURS) - 19) / 24)
"""Log engagement over the week of readers who are there at 19 o'clock every day."""
MORNING = 0.6 * np.cos(2 * np.pi * (np.arange(HOURS) - 7) / 24)
NOBODY_CARES = np.zeros(HOURS)


def published(
    rng: np.random.Generator,
    effects: Sequence[np.ndarray],
    counts: Sequence[int],
    *,
    days: int = 90,
    noise: float = 1.0,
    news: float = 0.0,
) -> Publications:
    """So many publications of each account over the last `days`, at any hour alike; `news` is the spread of what the
    posts of one day share.
    """
    account = np.repeat(np.arange(len(counts)), counts)
    day = rng.integers(0, days, len(account))
    hour = day % 7 * 24 + rng.integers(0, 24, len(account))
    of_day = rng.normal(0, news, (len(counts), days))[account, day]
    level = rng.normal(5, 1, len(counts))[account]
    effect = np.array(effects)[account, hour]
    return Publications(
        account=account,
        hour=hour,
        day=day,
        age_days=(days - day).astype(float),
        log_engagement=level + effect + of_day + rng.normal(0, noise, len(account)),
        added_variance=np.zeros(len(account)),
    )


def weeks(publications: Publications, platforms: Sequence[int], *, now: datetime = NOW) -> list[Week]:
    return learn([Account(UUID(int=n + 1), platform) for n, platform in enumerate(platforms)], publications, now=now)


def values(week: Week) -> np.ndarray:
    return np.array([hour.value for hour in week.hours])


def level_of(publications: Publications, account: int) -> float:
    """The mean log engagement of an account's publications."""
    return float(publications.log_engagement[publications.account == account].mean())


def smooth_effect(rng: np.random.Generator, spread: float) -> np.ndarray:
    """An effect as the model has them, of about that spread."""
    return np.asarray(spread * (waves() @ rng.standard_normal(waves().shape[1])) / np.sqrt(2))
