"""Delivers what the outbox holds: each row at least once, under its idempotency key, a lane beside the other.

One delivery of a lane is in hand at a time, so that a receiver that does not answer holds up only its own. No
transaction is open while a handler speaks to the world; a worker that dies in between leaves a row that is due again
when its lease ends, and the receiver knows it by its key.
"""

import random
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from pipeline.store import alerts, outbox
from pipeline.store.database import transaction
from pipeline.store.outbox import Delivery
from pipeline.vocabulary import AlertKind

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=3)
"""Longer than any handler takes, so that only a dead worker's delivery is tried by another."""
MAX_TRIES: Final = 16
_BACKOFF_BASE: Final = timedelta(seconds=30)
_BACKOFF_CAP: Final = timedelta(hours=12)
"""With the jitter, 16 tries take a day and a third on average: a receiver may be down over a night."""
_LONGEST_WISH: Final = timedelta(hours=24)
"""A receiver that wants to be left alone for longer is asked earlier all the same."""
_MAX_LANES: Final = 32
_POLL_SECONDS: Final = 1.0


class DeliveryError(Exception):
    """It was not delivered; the message says why, for a person and without a secret.

    Attributes:
        permanent: trying again is of no use.
        retry_at: the receiver's own word on when to try again, where it gave one.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_at = retry_at


Handler = Callable[[str, Mapping[str, Any]], None]
"""Delivers what a topic's rows hold: gets the idempotency key and the payload, raises DeliveryError."""


def deliver_due(
    engine: sa.Engine, handlers: Mapping[str, Handler], *, worker: str, stop: threading.Event | None = None
) -> Counter[str]:
    """Deliver until nothing is due. Setting `stop` drains: what is in the air is finished, nothing more is claimed.

    Returns how many were: delivered, put off, given up, overtaken (another worker tries it now). Rows of other topics
    are left alone: other workers may handle them.
    """
    stop = stop or threading.Event()
    counts: Counter[str] = Counter()
    in_hand: dict[Future[str], str] = {}
    with ThreadPoolExecutor(_MAX_LANES, thread_name_prefix="delivery") as pool:
        while True:
            if not stop.is_set() and len(in_hand) < _MAX_LANES:
                with transaction(engine, worker) as connection:
                    claimed = outbox.claim(
                        connection,
                        topics=handlers.keys(),
                        busy=in_hand.values(),
                        limit=_MAX_LANES - len(in_hand),
                        lease=LEASE,
                    )
                for delivery in claimed:
                    in_hand[pool.submit(_deliver, engine, handlers[delivery.topic], delivery, worker)] = delivery.lane
            if not in_hand:
                break
            # Not for ever: what becomes due in the meantime must not wait for the slowest receiver.
            done, _ = wait(in_hand, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                del in_hand[future]
                counts[future.result()] += 1
    return counts


def _deliver(engine: sa.Engine, handler: Handler, delivery: Delivery, worker: str) -> str:
    try:
        handler(delivery.idempotency_key, delivery.payload)
    except DeliveryError as error:
        verdict = _failed(engine, delivery, error, worker)
        log.warning(
            "not_delivered", key=delivery.idempotency_key, tries=delivery.tries, verdict=verdict, why=str(error)
        )
        return verdict
    except Exception as error:  # noqa: BLE001 - a handler must raise nothing else; if it does, its row is not lost
        # Where, and not what: the exception's words and the frames' values may hold an address or a secret.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("handler_raised", key=delivery.idempotency_key, error=type(error).__name__, where=where)  # noqa: TRY400
        return _failed(engine, delivery, DeliveryError(f"the handler failed: {type(error).__name__}"), worker)
    with transaction(engine, worker) as connection:
        alerts.resolve(connection, AlertKind.UNDELIVERED, delivery.lane)
        outbox.mark_delivered(connection, delivery.id)
    log.info("delivered", key=delivery.idempotency_key, tries=delivery.tries)
    return "delivered"


def _failed(engine: sa.Engine, delivery: Delivery, error: DeliveryError, worker: str) -> str:
    with transaction(engine, worker) as connection:
        if not error.permanent and delivery.tries < MAX_TRIES:
            until = _next_try(delivery.tries, error.retry_at)
            return "put off" if outbox.put_off(connection, delivery, until=until, reason=str(error)) else "overtaken"
        # The alert's row before the outbox's, as whoever raises an alert locks them. One alert a lane, however many are
        # given up: so of an alert that can't be delivered, the other channels tell once, and nothing goes round.
        alerts.raise_alert(
            connection,
            AlertKind.UNDELIVERED,
            delivery.lane,
            f"A delivery was given up (tries: {delivery.tries}): {error}. `pressroom outbox` lists what was, and "
            "tries it again.",
        )
        if outbox.give_up(connection, delivery, reason=str(error)):
            return "given up"
        connection.rollback()
        return "overtaken"


def _next_try(tries: int, wish: datetime | None) -> datetime:
    """Exponential with full jitter, and not before the receiver wishes.

    The later of the two: a receiver that says "at once" each time would else use up its tries in a moment.
    """
    now = datetime.now(UTC)
    ceiling: timedelta = min(_BACKOFF_CAP, _BACKOFF_BASE * 2 ** (tries - 1))
    at = now + ceiling * random.random()  # noqa: S311 - spreads load, guards nothing
    return at if wish is None else max(at, min(wish, now + _LONGEST_WISH))
