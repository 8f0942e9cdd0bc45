"""The sync: every account's due publications are asked for, the accounts side by side, each account's in turn."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
import structlog

from pipeline.learning.feedback import feed
from pipeline.measurement import audience
from pipeline.measurement.metrics import budget
from pipeline.measurement.metrics.asking import Failed, Told, ask
from pipeline.measurement.metrics.figures import snapshot_of
from pipeline.measurement.metrics.ladder import next_billed, next_snapshot
from pipeline.platforms.base import Adapter, Gone, Metrics, PlatformUnavailableError
from pipeline.store import metrics, metrics_reads
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.store.metrics import DuePublication
from pipeline.store.metrics_reads import Reading

_log = structlog.get_logger()
_AT_ONCE: Final = 8
"""Accounts; each holds two connections of the pool's twenty."""
_STORED_TOGETHER: Final = 100
_REST: Final = timedelta(hours=1)
"""For an account that its platform turns away, where the platform does not say for how long."""


class CannotOpenError(Exception):
    """The account can't be used as it is set up; the message says what to mend, and holds no secret."""


@dataclass(slots=True)
class SyncReport:
    """What one account's sync did.

    Attributes:
        stored: publications of which a snapshot was stored.
        gone: publications that the platform said are there no longer.
        unanswered: publications that it was asked for and told nothing of.
        left: publications that stay due: not asked for, or asked without an answer.
        over_budget: how many of `left` the account's budget did not pay for.
        calls: questions put to the adapter, of a batch each.
        usd: what they cost by the platform's price list.
        rests_until: the platform, or a rest of ours, asked for patience until then.
        error: what went wrong, None where nothing did.
    """

    stored: int = 0
    gone: int = 0
    unanswered: int = 0
    left: int = 0
    over_budget: int = 0
    calls: int = 0
    usd: Decimal = Decimal(0)
    rests_until: datetime | None = None
    error: str | None = None


def sync_accounts(
    engine: sa.Engine, accounts: Sequence[AccountRow], open_adapter: Callable[[AccountRow], Adapter]
) -> Iterator[tuple[AccountRow, SyncReport]]:
    """Sync these accounts side by side; each with its report as soon as it is done. One's failure is not the others'.

    `open_adapter` may raise CannotOpenError, which the account's report then tells.
    """

    def sync(account: AccountRow) -> SyncReport:
        try:
            return sync_account(engine, account, open_adapter(account))
        except CannotOpenError as error:
            return SyncReport(error=str(error))
        except Exception as error:  # noqa: BLE001 - told in the report and the log; the others go on
            _log.exception("metrics_sync_failed", account=account.account_key)
            return SyncReport(error=f"unexpected {type(error).__name__}; the log has it whole")

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="metrics") as threads:
        running = {threads.submit(sync, account): account for account in accounts}
        for done in as_completed(running):
            yield running[done], done.result()


def sync_account(engine: sa.Engine, account: AccountRow, adapter: Adapter) -> SyncReport:
    """Take a snapshot of each of the account's publications that is due, and count its followers once a day.

    What was told is stored batch by batch: a failure, or the end of the process, loses at most the answers of the last
    batch, which stays due. No transaction is open while asking. Where another sync of the account is under way,
    nothing is done. Publications on a platform that can be asked nothing (a folder of our own) are followed no longer.
    """
    with metrics.sole_sync(engine, account.id) as alone:
        return _Sync(engine, account, adapter).run() if alone else SyncReport()


class _Sync:
    def __init__(self, engine: sa.Engine, account: AccountRow, adapter: Adapter) -> None:
        self._engine = engine
        self._account = account
        self._adapter = adapter
        self._prices = adapter.prices()
        self._is_billed = self._prices is not None and self._prices.read > 0
        self._report = SyncReport()
        self._told: list[Told] = []
        self._refusal: str | None = None

    def run(self) -> SyncReport:
        now = datetime.now(UTC)
        with self._engine.connect() as connection:
            reading = metrics_reads.reading(connection, self._account.id, now)
            due = metrics.due(connection, self._account.id, now)
        self._report.left = len(due)
        if reading.retry_at is not None and reading.retry_at > now:
            self._report.rests_until = reading.retry_at
            return self._report
        if not self._adapter.capabilities.metrics_batch:
            with transaction(self._engine, "metrics sync") as connection:
                metrics.postpone(connection, dict.fromkeys(each.id for each in due))
            self._report.left = 0
            return self._report
        count = budget.affordable(due, self._prices, budget.allowance(reading, now), now)
        self._report.over_budget = len(due) - count
        try:
            self._ask(due[:count])
        finally:
            self._store()
        if self._report.left > self._report.over_budget and self._report.error is None:
            self._report.error = self._refusal
        self._count_followers(reading)
        return self._report

    def _ask(self, publications: Sequence[DuePublication]) -> None:
        size = self._adapter.capabilities.metrics_batch
        for answer in ask(self._adapter, publications, size, self._charge):
            match answer:
                case Told():
                    self._told.append(answer)
                    if sum(len(told.batch) for told in self._told) >= _STORED_TOGETHER:
                        self._store()
                case Failed():
                    self._note(answer)

    def _charge(self, batch: Sequence[DuePublication]) -> None:
        """Before the question, so that a process which ends in it has not spent what nobody wrote down."""
        now = datetime.now(UTC)
        usd = budget.price_of(batch, self._prices, now)
        with self._engine.begin() as connection:
            metrics_reads.charge(connection, self._account.id, now.date(), usd, calls=1, publications=len(batch))
        self._report.calls += 1
        self._report.usd += usd

    def _note(self, failed: Failed) -> None:
        now = datetime.now(UTC)
        if failed.concerns_account or failed.is_passing:
            self._report.error = str(failed.error)
        else:
            self._refusal = str(failed.error)
        usd = Decimal(0) if failed.is_maybe_charged else budget.price_of(failed.batch, self._prices, now)
        with transaction(self._engine, "metrics sync") as connection:
            if failed.concerns_account:
                self._report.rests_until = failed.error.retry_at or now + _REST
                metrics_reads.rest_until(connection, self._account.id, self._report.rests_until)
            elif not failed.is_passing and len(failed.batch) == 1:
                (alone,) = failed.batch
                metrics.postpone(connection, {alone.id: self._next(alone, now)})
                self._report.unanswered += 1
                self._report.left -= 1
                _log.warning("metrics_refused", distribution=str(alone.id), reason=self._refusal)
            metrics_reads.charge(connection, self._account.id, now.date(), -usd)
        self._report.usd -= usd

    def _store(self) -> None:
        """What was told and is not stored yet, in one transaction."""
        told, self._told = self._told, []
        if not told:
            return
        snapshots, gone, unanswered = [], [], {}
        for answer in told:
            for publication in answer.batch:
                next_at = self._next(publication, answer.at)
                match answer.answers.get(publication.external_id):
                    case Metrics() as figures:
                        snapshots.append(snapshot_of(publication, figures, answer.at, next_at))
                    case Gone():
                        gone.append(publication.id)
                    case None:
                        unanswered[publication.id] = next_at
        now = datetime.now(UTC)
        with transaction(self._engine, "metrics sync") as connection:
            metrics.synced(connection, self._account.id, now)
            stored = metrics.store(connection, snapshots)
            metrics.mark_gone(connection, gone, now)
            metrics.postpone(connection, unanswered)
            feed(connection, stored)
        self._report.stored += len(stored)
        self._report.gone += len(gone)
        self._report.unanswered += len(unanswered)
        self._report.left -= len(snapshots) + len(gone) + len(unanswered)

    def _next(self, publication: DuePublication, now: datetime) -> datetime | None:
        return (next_billed if self._is_billed else next_snapshot)(publication.published_at, now)

    def _count_followers(self, reading: Reading) -> None:
        now = datetime.now(UTC)
        left = budget.allowance(reading, now)
        is_short = left is not None and self._prices is not None and left - self._report.usd < self._prices.audience
        if self._report.rests_until or is_short:
            return
        try:
            usd = audience.snapshot(self._engine, self._account, self._adapter, now)
        except PlatformUnavailableError as error:
            self._report.error = str(error)
            return
        if usd is not None:
            with self._engine.begin() as connection:
                metrics_reads.charge(connection, self._account.id, now.date(), usd, calls=1)
            self._report.calls += 1
            self._report.usd += usd
