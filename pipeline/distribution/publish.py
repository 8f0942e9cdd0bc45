"""The publish loop: claim what is due, send each on its second, write down what happened, until nothing is due.

A lane is an account: the lanes run side by side, and one distribution at a time is in hand in each, from its claim
until its outcome is written down. One thread claims, one writes down whatever outcomes have come in, and between them
as many threads as may be in flight call the platforms. A thread whose call has ended takes the next one while the
outcome of the last is still on its way into the database. No transaction is open across a call to a platform.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AdapterFactory
from pipeline.distribution.capacity import Capacity, Over
from pipeline.distribution.engine import EngineConfig, TooLate
from pipeline.distribution.lane import Lane, Leases
from pipeline.distribution.settling import Ended, Held, Outcome, Postponed, settle
from pipeline.platforms.base import NotSent, PlatformError, Published, Rejected, Unknown
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store import accounts, claims
from pipeline.store.accounts import AccountRow
from pipeline.store.claims import Claimed
from pipeline.store.database import transaction
from pipeline.store.patience import with_patience
from pipeline.vocabulary import AccountState, ErrorKind

T = TypeVar("T")
log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
_SHORTEST_SECONDS = 0.005
_SOON_SECONDS = 0.02
"""After a claim that found something, how long something new is waited for before the next claim looks again."""
_GATHER_SECONDS = 0.005
"""After the first call that ended, how long others are waited for: many in a transaction cost little more than one."""
_ACCOUNTS_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class PublishReport:
    """What a run of the loop did. `counts` is by account key and outcome ("held" for what preflight stopped)."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def total(self, outcome: str | None = None) -> int:
        return sum(n for (_, kind), n in self.counts.items() if outcome in (None, kind))


@dataclass(frozen=True, slots=True)
class _Done:
    """A lane's word: the outcome, None where the lease was lost, or what broke the lane itself."""

    account: AccountRow
    item: Claimed
    outcome: Outcome | BaseException | None


def publish_due(
    engine: sa.Engine,
    open_adapter: AdapterFactory,
    config: EngineConfig,
    *,
    worker: str,
    stop: threading.Event | None = None,
    forever: bool = False,
) -> PublishReport:
    """Publish what is due, and, each at its second, what becomes due within the look-ahead; then return.

    With `forever` it returns only when it is stopped. Nothing is claimed before it may be sent. Setting `stop` drains:
    what is in the air is finished and written down, nothing more is claimed; so does an exception that reaches the
    calling thread (Ctrl-C, the end of a Dagster run), which then goes on its way.

    Raises:
        sqlalchemy.exc.DBAPIError: the database did not answer for longer than the configuration's patience.
    """
    stop = stop or threading.Event()
    conductor = _Conductor(engine, open_adapter, config, worker, stop)
    with ThreadPoolExecutor(1, thread_name_prefix="conductor") as thread:
        running = thread.submit(conductor.run, forever=forever)
        try:
            return running.result()
        except BaseException:
            stop.set()
            raise


class _Conductor:
    """One run of the loop: a thread that claims, a thread that writes down, and the lanes' threads between them."""

    def __init__(
        self, engine: sa.Engine, open_adapter: AdapterFactory, config: EngineConfig, name: str, stop: threading.Event
    ) -> None:
        self._engine = engine
        self._config = config
        self._name = name
        self._stop = stop
        self._leases = Leases(engine, name, config.lease)
        self._lane = Lane(engine, open_adapter, config, name, self._leases)
        self._done: queue.SimpleQueue[_Done | None] = queue.SimpleQueue()
        """From the lanes to the writer; None ends it."""
        self._over: queue.SimpleQueue[Over | BaseException] = queue.SimpleQueue()
        """To the claimer: what is no longer in hand, or what went wrong for good."""
        self._capacity = Capacity(config.max_in_flight)
        self._accounts: dict[UUID, AccountRow] = {}
        self._accounts_read_at = 0.0
        self._report = PublishReport()

    def run(self, *, forever: bool) -> PublishReport:
        self._load_adapters()
        with (
            self._writing(),
            self._leases.beating(),
            ThreadPoolExecutor(self._config.max_in_flight, thread_name_prefix="lane") as lanes,
        ):
            while True:
                claimed = self._claim()
                for item in claimed:
                    lanes.submit(self._work, self._accounts[item.platform_id], item)
                self._capacity.take(len(claimed))
                pause = _SOON_SECONDS if claimed else self._pause()
                if self._capacity.outcomes:
                    self._wait_for_room(_POLL_SECONDS if pause is None else pause)
                elif self._stop.is_set() or (pause is None and not forever):
                    break
                else:
                    self._stop.wait(_POLL_SECONDS if pause is None else pause)
        return self._report

    def _load_adapters(self) -> None:
        """The platforms' libraries take up to half a second to load: not when the first post is due."""
        rows = with_patience(self._all_accounts, self._config.database_patience, until=self._stop.is_set)
        for name in {row.name for row in rows if row.state == AccountState.ACTIVE}:
            with suppress(UnknownPlatformError):  # said of each of its distributions
                adapter_class(name)

    def _all_accounts(self) -> list[AccountRow]:
        with self._engine.connect() as connection:
            return accounts.all_accounts(connection)

    def _claim(self) -> list[Claimed]:
        room = self._capacity.room()
        if self._stop.is_set() or not room:
            return []
        return with_patience(lambda: self._claim_up_to(room), self._config.database_patience, until=self._stop.is_set)

    def _claim_up_to(self, lanes: int) -> list[Claimed]:
        asked_at = time.monotonic()
        with transaction(self._engine, self._name) as connection:
            claimed = claims.claim(connection, worker=self._name, lease=self._config.lease, lanes=lanes)
            fresh = asked_at - self._accounts_read_at < _ACCOUNTS_FRESH_SECONDS
            if claimed and not (fresh and all(item.platform_id in self._accounts for item in claimed)):
                self._accounts = {row.id: row for row in accounts.all_accounts(connection)}
                self._accounts_read_at = asked_at
        self._leases.add({item.id: item.lease_token for item in claimed}, asked_at)
        return claimed

    def _pause(self) -> float | None:
        """Seconds until it is worth claiming again; None where nothing comes within the look-ahead.

        Never long, because an approval or another worker's end can bring something sooner.
        """
        if self._stop.is_set() or self._capacity.is_full:
            return None
        wait = with_patience(self._next_due, self._config.database_patience, until=self._stop.is_set)
        if wait is None or wait > self._config.look_ahead:
            return None
        return min(_POLL_SECONDS, max(_SHORTEST_SECONDS, wait.total_seconds()))

    def _next_due(self) -> timedelta | None:
        with self._engine.connect() as connection:
            return claims.next_due(connection)

    def _work(self, account: AccountRow, item: Claimed) -> None:
        began = time.monotonic()
        try:
            outcome: Outcome | BaseException | None = self._lane.send(account, item)
        except BaseException as error:  # noqa: BLE001 - the claimer raises it
            outcome = error
        self._done.put(_Done(account, item, outcome))
        self._over.put(Over(calls=1, seconds=time.monotonic() - began))

    def _wait_for_room(self, seconds: float) -> None:
        """Raises: BaseException: what broke a lane, or kept an outcome from being written."""
        for over in _gather(self._over, seconds):
            if isinstance(over, BaseException):
                raise over
            self._capacity.give_back(over)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        writer = threading.Thread(target=self._write_down, name="writer")
        writer.start()
        try:
            yield
        finally:
            self._done.put(None)
            writer.join()

    def _write_down(self) -> None:
        """Whatever has come in, as much as it is, until the end is."""
        over = False
        while not over:
            done = _gather(self._done, None)
            over = None in done
            try:
                self._write([each for each in done if each is not None])
            except BaseException as error:  # noqa: BLE001 - the claimer raises it
                self._over.put(error)
            else:
                self._over.put(Over(outcomes=len(done)))

    def _write(self, done: Sequence[_Done]) -> None:
        ended = [Ended(each.account, each.item, each.outcome) for each in done if isinstance(each.outcome, Outcome)]
        if ended:
            self._settle(ended)
        for each in done:
            if each.outcome is None:
                self._count(each.account, each.item, "lease lost")
            elif isinstance(each.outcome, BaseException):
                raise each.outcome

    def _settle(self, ended: Sequence[Ended]) -> None:
        try:
            kept = self._settled(ended)
        except sa.exc.DBAPIError as error:
            if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
                raise
            if len(ended) > 1:  # so that one answer that can't be stored spoils no other
                for each in ended:
                    self._settle([each])
                return
            ended = [_unstorable(ended[0], error)]
            kept = self._settled(ended)
        for each in ended:
            self._count(each.account, each.item, _NAMES[type(each.outcome)] if each.item.id in kept else "lease lost")

    def _settled(self, ended: Sequence[Ended]) -> set[UUID]:
        def write() -> set[UUID]:
            with transaction(self._engine, self._name) as connection:
                return settle(connection, ended, self._config)

        def given_up() -> bool:  # when draining, the leases are waited for; then somebody else asks the platform
            return self._stop.is_set() and all(self._leases.ran_out(each.item.id) for each in ended)

        return with_patience(write, self._config.database_patience, until=given_up)

    def _count(self, account: AccountRow, item: Claimed, outcome: str) -> None:
        self._leases.drop(item.id)
        log.info("distribution", account=account.account_key, distribution=str(item.id), outcome=outcome)
        self._report.counts[account.account_key, outcome] += 1


def _unstorable(ended: Ended, error: sa.exc.DBAPIError) -> Ended:
    """What the platform answered can't be true of this distribution, so nobody knows what happened."""
    why = str(error.orig).strip().partition("\n")[0]
    log.error("outcome_refused", distribution=str(ended.item.id), outcome=repr(ended.outcome), error=why)
    message = f"the platform's answer could not be stored ({why})"
    return replace(ended, outcome=Unknown(PlatformError(ErrorKind.PROTOCOL, message)))


def _gather(inbox: "queue.SimpleQueue[T]", seconds: float | None) -> list[T]:
    """What has come in, after waiting so long for the first (for ever where None), and a moment for others."""
    came: list[T] = []
    with suppress(queue.Empty):
        came.append(inbox.get(timeout=seconds))
        time.sleep(_GATHER_SECONDS)
        while True:
            came.append(inbox.get_nowait())
    return came


_NAMES = {
    Published: "published",
    Rejected: "rejected",
    NotSent: "not sent",
    Unknown: "unknown",
    Held: "held",
    TooLate: "late",
    Postponed: "postponed",
}
