"""Recycling by the rules: which evergreen articles are told again on which accounts now, and having it done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from pipeline.editorial.arrivals import ArrivalError
from pipeline.editorial.budget import BudgetExceededError
from pipeline.editorial.recyclable import WEEK, Obstacle, obstacle
from pipeline.editorial.recycled import PLATFORMS, NothingNewError, Teller
from pipeline.store import recycling
from pipeline.store.database import transaction
from pipeline.store.recycling import Account, Pair, Rule
from pipeline.writing.base import InvalidAnswerError, Writer, WriterError

ACTOR: Final = "recycling"
_TRIES: Final = 10
"""Articles that one run tries on an account: each may cost a model's call and come to nothing."""


@dataclass(frozen=True, slots=True)
class Left:
    """An article that was to be told again and was not, and why."""

    canonical_id: str
    account_key: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a run made, by their ids, and what it left. `stopped` is why it ended before its time, by vertical."""

    made: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)


def candidates(connection: sa.Connection, rule: Rule, now: datetime) -> list[tuple[Pair, Obstacle | None]]:
    """The rule's evergreen articles with each of its accounts, next first, and what keeps one from being told again."""
    lately = {account.id: recycling.lately(connection, account.id, now - WEEK) for account in _of(connection, rule)}
    pairs = recycling.evergreen_pairs(connection, rule.vertical_id, list(lately))
    return [(pair, obstacle(rule.limits, pair, lately[pair.account.id], now)) for pair in pairs]


def run(engine: sa.Engine, writer: Writer, *, now: datetime | None = None) -> Report:
    """Tell again, as drafts, what the rules of all verticals allow. Safe to run at any time, twice at once too.

    An article of which nothing came is left alone for a week. A vertical whose budget is spent, or for which the writer
    can't be reached, is left for the next run.
    """
    run = _Run(Teller(engine, writer, ACTOR), now or datetime.now(UTC), Report())
    with engine.connect() as connection:
        rules = [rule for rule in recycling.rules(connection) if not rule.rests]
    for rule in rules:
        try:
            run.follow(rule)
        except _StoppedError as error:
            run.report.stopped[rule.vertical] = str(error)
    return run.report


class _StoppedError(Exception):
    """No other article of the vertical would fare better now."""


@dataclass(frozen=True, slots=True)
class _Run:
    teller: Teller
    now: datetime
    report: Report

    def follow(self, rule: Rule) -> None:
        """Raises: _StoppedError."""
        with self.teller.engine.connect() as connection:
            accounts = _of(connection, rule)
            due = [pair for pair, against in candidates(connection, rule, self.now) if against is None]
        for account in accounts:
            self._fill(rule, [pair for pair in due if pair.account.id == account.id][:_TRIES])

    def _fill(self, rule: Rule, pairs: Sequence[Pair]) -> None:
        """One account, until its week is full."""
        for pair in pairs:
            with self.teller.engine.connect() as connection:
                if self._lately(connection, pair) >= rule.limits.most_per_week:
                    return
            self._try(rule, pair)

    def _try(self, rule: Rule, pair: Pair) -> None:
        """Raises: _StoppedError."""

        def allowed(connection: sa.Connection, pair: Pair) -> None:
            against = obstacle(rule.limits, pair, self._lately(connection, pair), self.now)
            if against is not None:
                raise ArrivalError(f"{against.reason}.")

        try:
            told = self.teller.tell(pair.canonical_id, pair.account, allowed)
        except BudgetExceededError as error:  # nothing was tried
            raise _StoppedError(str(error)) from None
        except (NothingNewError, WriterError) as error:
            self._leave(pair, str(error))
            with transaction(self.teller.engine, ACTOR) as connection:
                recycling.keep_refusal(connection, pair.article_id, pair.account.id, str(error))
            if isinstance(error, WriterError) and error.retryable and not isinstance(error, InvalidAnswerError):
                raise _StoppedError(str(error)) from None
        except ArrivalError as error:  # it changed meanwhile
            self._leave(pair, str(error))
        else:
            if told.is_new:
                self.report.made.append(told.canonical_id)

    def _leave(self, pair: Pair, reason: str) -> None:
        self.report.left.append(Left(pair.canonical_id, pair.account.key, reason))

    def _lately(self, connection: sa.Connection, pair: Pair) -> int:
        return recycling.lately(connection, pair.account.id, self.now - WEEK)


def _of(connection: sa.Connection, rule: Rule) -> list[Account]:
    """The accounts that the rule is for, by key."""
    able = recycling.accounts(connection, rule.vertical_id, PLATFORMS)
    return [account for account in able if not rule.accounts or account.key in rule.accounts]
