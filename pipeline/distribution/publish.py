"""The publish loop: claim what is due, send each on its second, write down what happened, until nothing is due.

A lane is an account: the lanes run side by side, and one distribution at a time is in hand in each, so that a worker
that dies leaves no more in doubt than it was sending. No transaction is open across a call to a platform.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
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
_POLL_SECONDS = 1.0
_SHORTEST_SECONDS = 0.005


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

    def claim(self) -> list[Claimed]:
        with transaction(self.engine, self.name) as connection:
            claimed = claims.claim(connection, worker=self.name, lease=self.config.lease)
        with self._lock:
            self.leases.update({item.id: item.lease_token for item in claimed})
        return claimed

    def send(self, account: AccountRow, item: Claimed) -> None:
        reason = objection(item)
        if reason is not None:
            with transaction(self.engine, self.name) as connection:
                distributions.close_attempt(connection, item.id, item.lease_token, _not_tried(reason))
                distributions.mark_held(connection, item.id, item.lease_token, reason)
            self._done(account, item, "held")
            return
        outcome = self._call(account, item)
        if outcome is None:
            self._done(account, item, "lease lost")
            return
        with transaction(self.engine, self.name) as connection:
            kept = settle_outcome(connection, item, outcome, self.config)
        self._done(account, item, _OUTCOME_NAMES[type(outcome)] if kept else "lease lost")

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
    """Publish what is due, and, each at its second, what becomes due within the look-ahead; then return.

    Nothing is claimed before it may be sent. Setting `stop` drains: what is in the air is finished, nothing more is
    claimed.
    """
    run = _Worker(engine, open_adapter, config, worker)
    stop = stop or threading.Event()
    in_hand: set[Future[None]] = set()
    with ThreadPoolExecutor(_MAX_LANES, thread_name_prefix="lane") as pool, run.heartbeat():
        while True:
            claimed = [] if stop.is_set() else run.claim()
            rows = _account_rows(engine) if claimed else {}
            in_hand |= {pool.submit(run.send, rows[item.platform_id], item) for item in claimed}
            pause = _pause(engine, config, idle=not in_hand) if not stop.is_set() else _POLL_SECONDS
            if in_hand:
                done, in_hand = wait(in_hand, timeout=pause, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
            elif pause is None or stop.is_set():
                return run.report
            else:
                stop.wait(pause)


def _pause(engine: sa.Engine, config: EngineConfig, *, idle: bool) -> float | None:
    """Seconds until it is worth claiming again; None where nothing comes within the look-ahead and nothing is in hand.

    Never long, because an approval or another worker's end can bring something sooner.
    """
    with engine.connect() as connection:
        wait_for = claims.next_due(connection)
    if wait_for is None or wait_for > config.look_ahead:
        return None if idle else _POLL_SECONDS
    return min(_POLL_SECONDS, max(_SHORTEST_SECONDS, wait_for.total_seconds()))


def _account_rows(engine: sa.Engine) -> dict[UUID, AccountRow]:
    with engine.connect() as connection:
        return {row.id: row for row in accounts.all_accounts(connection)}


def _not_tried(reason: str) -> distributions.Failure:
    return distributions.Failure(AttemptOutcome.NOT_SENT, None, reason)


_OUTCOME_NAMES = {Published: "published", Rejected: "rejected", NotSent: "not sent", Unknown: "unknown"}
