"""Learn the hours of all accounts together, and keep them where planning looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from pipeline.learning.timing.growth import complete
from pipeline.learning.timing.hours import Account, Week, learn
from pipeline.learning.timing.observed import Publications
from pipeline.store import posting_hours, timing_figures
from pipeline.store.database import transaction
from pipeline.store.posting_hours import LearnedWeek, WeighedHour
from pipeline.store.timing_figures import AGES, TimedAccount

WINDOW: Final = timedelta(days=365)
"""What is older would count for less than a fifteenth."""


@dataclass(frozen=True, slots=True)
class Learned:
    """An account and its week. `is_kept`: the week was written; a list of hours that somebody stated stays until there
    is enough to go by.
    """

    account: TimedAccount
    week: LearnedWeek
    is_kept: bool


def learn_hours(engine: sa.Engine, actor: str, *, now: datetime, exploring: float) -> list[Learned]:
    """Learn each account's hours from the publications of the last year, and keep them for planning; by account key.

    `exploring`: the share of an account's versions that try hours by a draw. The same figures within the same ISO week
    give the same hours.
    """
    with engine.connect() as connection:
        accounts = timing_figures.accounts(connection)
        stated = posting_hours.stated(connection)
        number = {account.id: place for place, account in enumerate(accounts)}
        rows = timing_figures.figures(connection, since=now - WINDOW, now=now)
        portions = [_arrays([], number, now), *(_arrays(each, number, now) for each in rows)]
    # No transaction is open while learning: it may take longer than one may be idle.
    platforms = _numbers(account.platform for account in accounts)
    of_accounts = [Account(each.id, platforms[each.platform]) for each in accounts]
    weeks = learn(of_accounts, _publications(portions, of_accounts), now=now)
    found = []
    for account, week in zip(accounts, weeks, strict=True):
        kept = _kept(week, now, exploring)
        found.append(Learned(account, kept, is_kept=bool(kept.hours) or account.id not in stated))
    with transaction(engine, actor) as connection:
        posting_hours.keep(connection, {each.account.id: each.week for each in found if each.is_kept})
    return found


def _publications(portions: Sequence["np.ndarray[Any, Any]"], accounts: Sequence[Account]) -> Publications:
    """The portions put together, young publications completed."""
    table = np.concatenate(portions)
    number, hour, day, age = table[:, :4].T
    account = number.astype(np.intp)
    platforms = np.array([each.platform for each in accounts], np.intp)
    completed = complete(table[:, 4:], platforms[account])
    return Publications(
        account=account,
        hour=hour.astype(np.int64),
        day=day.astype(np.int64),
        age_days=age,
        log_engagement=completed.log_engagement,
        added_variance=completed.variance,
    )


def _arrays(rows: Sequence[Sequence[Any]], number: Mapping[Any, int], now: datetime) -> "np.ndarray[Any, Any]":
    """Rows of `timing_figures.figures` as columns: account, hour, day, age in days, and the figure at each age, NaN
    where it is not known.
    """
    return np.array(
        [
            (number[row[0]], row[2], row[3], (now - row[1]) / timedelta(days=1), *row[4:])
            for row in rows
            # An account that came after the accounts were read waits for the next time.
            if row[0] in number
        ],
        np.float64,
    ).reshape(-1, 4 + len(AGES))


def _kept(week: Week, now: datetime, exploring: float) -> LearnedWeek:
    year, number, _ = now.isocalendar()
    return LearnedWeek(
        learned_at=now,
        publications=week.publications,
        weight=round(week.weight, 1),
        age_hours=AGES[-1],
        exploring=exploring,
        drawn_for=f"{year}-W{number:02}",
        hours=[
            WeighedHour(
                day_of_week=each.hour.day_of_week,
                hour=each.hour.hour,
                value=round(each.value, 4),
                low=round(each.low, 4),
                high=round(each.high, 4),
                n=each.n,
                drawn=round(each.drawn, 4),
                beats_mean=each.beats_mean,
            )
            for each in week.hours
        ],
    )


def _numbers(names: Iterable[str]) -> dict[str, int]:
    """Each name's number, from 0."""
    return {name: number for number, name in enumerate(sorted(set(names)))}
