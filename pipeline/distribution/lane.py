"""One distribution's way out, in a thread of its own: is it still right to send, then the platform, step by step."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution import preflight
from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.contents import content_of
from pipeline.distribution.engine import EngineConfig, lateness
from pipeline.distribution.own_pages import HomePages, own_origins
from pipeline.distribution.settling import Held, Outcome, Postponed
from pipeline.platforms.base import Adapter, Journal, NotSent, PlatformError, PublishOutcome, Unknown
from pipeline.store import claims
from pipeline.store.accounts import AccountRow
from pipeline.store.claims import Claimed
from pipeline.store.database import transaction
from pipeline.store.patience import with_patience
from pipeline.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

_WAIT_FOR_HOME: Final = timedelta(minutes=1)


Extend = Callable[[sa.Connection, Mapping[UUID, int], timedelta], Collection[UUID]]
"""Lets the leases of distributions last for so long from now, where their tokens still hold; returns whose did."""


class LeaseLostError(Exception):
    """Another worker answers for the distribution now; this one must take no further step."""


@dataclass(slots=True)
class _Held:
    token: int
    until: float
    """On this process's monotonic clock, and never later than the database's `lease_until`."""


class Leases:
    """The leases a worker holds, extended three times a lease, so that only a dead or frozen worker loses one."""

    def __init__(self, engine: sa.Engine, worker: str, lease: timedelta, extend: Extend = claims.extend_leases) -> None:
        self._engine = engine
        self._extend_in = extend
        self._worker = worker
        self._lease = lease
        self._held: dict[UUID, _Held] = {}
        self._lock = threading.Lock()

    def add(self, tokens: Mapping[UUID, int], asked_at: float) -> None:
        """Leases claimed by a statement that was sent at `asked_at` on the monotonic clock."""
        until = asked_at + self._lease.total_seconds()
        with self._lock:
            self._held.update({id_: _Held(token, until) for id_, token in tokens.items()})

    def drop(self, distribution_id: UUID) -> None:
        with self._lock:
            self._held.pop(distribution_id, None)

    def ran_out(self, distribution_id: UUID) -> bool:
        """Whether the lease may be over, as after a freeze of this process. The token still guards every write."""
        held = self._held.get(distribution_id)
        return held is None or time.monotonic() >= held.until

    @contextmanager
    def beating(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), name="lease-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self._lease.total_seconds() / 3):
            with self._lock:
                tokens = {id_: held.token for id_, held in self._held.items()}
            if tokens:
                self._extend(tokens)

    def _extend(self, tokens: Mapping[UUID, int]) -> None:
        asked_at = time.monotonic()
        try:
            with transaction(self._engine, self._worker) as connection:
                extended = self._extend_in(connection, tokens, self._lease)
        except sa.exc.DBAPIError as error:  # the next beat tries again; until then the lease is what it was
            log.warning("heartbeat_failed", error=str(error.orig).strip())
            return
        with self._lock:
            for id_ in self._held.keys() & set(extended):
                self._held[id_].until = asked_at + self._lease.total_seconds()


class Lane:
    """Sends what a worker has claimed. Safe to use from several threads."""

    def __init__(
        self, engine: sa.Engine, open_adapter: AdapterFactory, config: EngineConfig, worker: str, leases: Leases
    ) -> None:
        self._engine = engine
        self._open_adapter = open_adapter
        self._config = config
        self._worker = worker
        self._leases = leases
        self._homes = HomePages(partial(own_origins, engine))

    def send(self, account: AccountRow, item: Claimed) -> Outcome | None:
        """What became of it; None where the lease was lost on the way, and nothing is to be written."""
        late = lateness(item, self._config)
        if late is not None:
            return late
        try:
            adapter = self._open_adapter(account)
        except AccountUnusableError as error:
            kind = (
                ErrorKind.UNAVAILABLE if error.passes else ErrorKind.AUTH
            )  # a refusal of credentials pauses the account
            return NotSent(PlatformError(kind, str(error)))
        try:
            objection = preflight.objection(item, adapter, self._homes.is_live)
        except Exception as error:  # nothing has left yet
            log.exception("preflight_raised", account=account.account_key, distribution=str(item.id))
            return NotSent(PlatformError(ErrorKind.PROTOCOL, f"the check before sending failed: {error!r}"))
        if objection is not None:
            return Postponed(objection.reason, _WAIT_FOR_HOME) if objection.wait else Held(objection.reason)
        if self._leases.ran_out(item.id):
            return Postponed("the worker stood still for longer than its lease before it began", timedelta(0))
        return self._publish(adapter, account, item)

    def _publish(self, adapter: Adapter, account: AccountRow, item: Claimed) -> PublishOutcome | None:
        try:
            return adapter.publish(
                content_of(item, item.id), Journal(item.handles, self._recorder(item), item.started_at)
            )
        except LeaseLostError:
            return None
        except Exception as error:  # an adapter must not raise; if it does, nobody knows whether it had sent
            log.exception("adapter_raised", account=account.account_key, distribution=str(item.id))
            return Unknown(PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}"))

    def _recorder(self, item: Claimed) -> Callable[[str, str], None]:
        def keep(step: str, handle: str) -> bool:
            with transaction(self._engine, self._worker) as connection:
                return claims.record_handle(connection, item.id, item.lease_token, step, handle)

        def record(step: str, handle: str) -> None:
            # For as long as the lease lasts, since without the handle the step can't be taken up again.
            patience, over = self._config.lease, lambda: self._leases.ran_out(item.id)
            if not with_patience(lambda: keep(step, handle), patience, until=over):
                raise LeaseLostError

        return record
