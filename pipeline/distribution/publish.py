"""The publish loop: claim what is due, send each on its second, write down what happened, until nothing is due.

One thread a lane (an account's claimed distributions, in order); no transaction is open across a call to a platform.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.engine import EngineConfig, content_of, objection, settle_outcome
from pipeline.platforms.base import Journal, NotSent, PlatformError, Published, PublishOutcome, Rejected, Unknown
from pipeline.store import accounts, claims, distributions
from pipeline.store.accounts import AccountRow
from pipeline.store.claims import Claimed
from pipeline.store.database import transaction
from pipeline.vocabulary import AttemptOutcome, ErrorKind

log = structlog.get_logger(__name__)

_MAX_LANES = 32


class LeaseLostError(Exception):
    """Another worker answers for the distribution now; this one must take no further step."""


@dataclass(slots=True)
class PublishReport:
    """What a run of the loop did. `counts` is by account key and outcome ("held" for what preflight stopped)."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def total(self, outcome: str | None = None) -> int:
        return sum(n for (_, kind), n in self.counts.items() if outcome in (None, kind))


class _Worker:
    """One run of the loop."""

    def __init__(self, engine: sa.Engine, open_adapter: AdapterFactory, config: EngineConfig, name: str) -> None:
        self.engine = engine
        self.open_adapter = open_adapter
        self.config = config
        self.name = name
        self.report = PublishReport()
        self.leases: dict[UUID, int] = {}
        self._lock = threading.Lock()

    def claim(self, busy: Sequence[UUID]) -> list[Claimed]:
        with transaction(self.engine, self.name) as connection:
            claimed = claims.claim(
                connection,
                worker=self.name,
                look_ahead=self.config.look_ahead,
                lease=self.config.lease,
                busy=busy,
            )
        with self._lock:
            self.leases.update({item.id: item.lease_token for item in claimed})
        return claimed

    def run_lane(self, account: AccountRow, lane: Sequence[Claimed], stop: threading.Event) -> None:
        """Send the lane's distributions in order. After an outcome that concerns the account, the rest go back."""
        blocked: NotSent | None = None
        for item in lane:
            deadline = time.monotonic() + item.wait_seconds
            if blocked is None and not stop.wait(max(0.0, deadline - time.monotonic())):
                outcome = self._send(account, item)
                if isinstance(outcome, NotSent) and outcome.error.kind in (ErrorKind.AUTH, ErrorKind.RATE_LIMITED):
                    blocked = outcome
            else:
                self._give_back(account, item, blocked)

    def _send(self, account: AccountRow, item: Claimed) -> PublishOutcome | None:
        reason = objection(item)
        if reason is not None:
            with transaction(self.engine, self.name) as connection:
                distributions.close_attempt(connection, item.id, item.lease_token, _not_tried(reason))
                distributions.mark_held(connection, item.id, item.lease_token, reason)
            self._done(account, item, "held")
            return None
        outcome = self._call(account, item)
        if outcome is None:
            self._done(account, item, "lease lost")
            return None
        with transaction(self.engine, self.name) as connection:
            kept = settle_outcome(connection, item, outcome, self.config)
        self._done(account, item, _OUTCOME_NAMES[type(outcome)] if kept else "lease lost")
        return outcome

    def _call(self, account: AccountRow, item: Claimed) -> PublishOutcome | None:
        """The adapter's answer; None where the lease was lost on the way."""
        try:
            adapter = self.open_adapter(account)
        except AccountUnusableError as error:
            return NotSent(PlatformError(ErrorKind.AUTH, str(error)))
        try:
            return adapter.publish(content_of(item), Journal(item.handles, self._recorder(item), item.started_at))
        except LeaseLostError:
            return None
        except Exception as error:  # an adapter must not raise; if it does, nobody knows whether it had sent
            log.exception("adapter_raised", account=account.account_key, distribution=str(item.id))
            return Unknown(PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}"))

    def _recorder(self, item: Claimed) -> Callable[[str, str], None]:
        def record(step: str, handle: str) -> None:
            with transaction(self.engine, self.name) as connection:
                held = claims.record_handle(connection, item.id, item.lease_token, step, handle)
            if not held:
                raise LeaseLostError

        return record

    def _give_back(self, account: AccountRow, item: Claimed, blocked: NotSent | None) -> None:
        reason = blocked.error.message if blocked else "the worker was stopped before its time came"
        at = (blocked.retry_at if blocked else None) or datetime.now(UTC)
        with transaction(self.engine, self.name) as connection:
            distributions.close_attempt(connection, item.id, item.lease_token, _not_tried(reason))
            distributions.mark_rescheduled(
                connection, item.id, item.lease_token, at=at, reason=reason, spend_retry=False
            )
        self._done(account, item, "given back")

    def _done(self, account: AccountRow, item: Claimed, outcome: str) -> None:
        log.info("distribution", account=account.account_key, distribution=str(item.id), outcome=outcome)
        with self._lock:
            self.leases.pop(item.id, None)
            self.report.counts[account.account_key, outcome] += 1

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Extends the leases in hand three times a lease, so that only a dead or frozen worker loses one."""
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(self.config.lease.total_seconds() / 3):
                with self._lock:
                    held = dict(self.leases)
                if held:
                    with transaction(self.engine, self.name) as connection:
                        claims.extend_leases(connection, held, self.config.lease)

        thread = threading.Thread(target=beat, name="lease-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def publish_due(
    engine: sa.Engine,
    open_adapter: AdapterFactory,
    config: EngineConfig,
    *,
    worker: str,
    stop: threading.Event | None = None,
) -> PublishReport:
    """Publish everything due inside the look-ahead window, and what becomes due meanwhile; then return.

    Setting `stop` drains: what is in the air is finished, what waits for its time is given back.
    """
    run = _Worker(engine, open_adapter, config, worker)
    stop = stop or threading.Event()
    lanes: dict[Future[None], UUID] = {}
    with ThreadPoolExecutor(_MAX_LANES, thread_name_prefix="lane") as pool, run.heartbeat():
        while True:
            claimed = [] if stop.is_set() else run.claim(list(lanes.values()))
            rows = _account_rows(engine) if claimed else {}
            for account_id, items in groupby(
                sorted(claimed, key=lambda c: str(c.platform_id)), lambda c: c.platform_id
            ):
                lanes[pool.submit(run.run_lane, rows[account_id], list(items), stop)] = account_id
            if not lanes:
                return run.report
            done, _ = wait(lanes, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in done:
                del lanes[future]
                future.result()


def _account_rows(engine: sa.Engine) -> dict[UUID, AccountRow]:
    with engine.connect() as connection:
        return {row.id: row for row in accounts.all_accounts(connection)}


def _not_tried(reason: str) -> distributions.Failure:
    return distributions.Failure(AttemptOutcome.NOT_SENT, None, reason)


_OUTCOME_NAMES = {Published: "published", Rejected: "rejected", NotSent: "not sent", Unknown: "unknown"}
