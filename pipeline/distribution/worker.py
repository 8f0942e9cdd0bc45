"""A process that stays at work, without Dagster runs: publishing on the second, inquiries, handovers, deliveries."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AdapterFactory
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.handover import tend
from pipeline.distribution.publish import PublishReport, publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.distribution.relay import Handler, deliver_due
from pipeline.store import claims, handovers, workers
from pipeline.store.database import transaction

log = structlog.get_logger(__name__)

_CHORES_EVERY_SECONDS: Final = 3.0


def work(
    engine: sa.Engine,
    open_adapter: AdapterFactory,
    config: EngineConfig,
    handlers: Mapping[str, Handler],
    *,
    name: str,
    stop: threading.Event,
) -> PublishReport:
    """Publish, inquire, hand over and deliver until `stop`; then finish what is in the air, and return.

    Any number of workers may be at work, beside Dagster's runs too: who sends what is decided in the database. While
    one is, Dagster's sensors start no runs of their own.
    """

    def inquire() -> None:
        with engine.connect() as connection:
            unresolved = claims.something_unresolved(connection)
        if unresolved:
            reconcile(engine, open_adapter, config, worker=name)

    def hand_over() -> None:
        with engine.connect() as connection:
            to_do = handovers.something_to_do(connection, at_least=config.hand_over_at_least)
        if to_do:
            tend(engine, open_adapter, config, worker=name, stop=stop)

    def say_so() -> None:
        with transaction(engine, name) as connection:
            workers.seen(connection, name)

    chores: list[Callable[[], object]] = [
        say_so,
        inquire,
        hand_over,
        lambda: deliver_due(engine, handlers, worker=name, stop=stop),
    ]
    say_so()
    threads = [threading.Thread(target=_repeat, args=(chore, stop), name="chore") for chore in chores]
    for thread in threads:
        thread.start()
    try:
        return publish_due(engine, open_adapter, config, worker=name, stop=stop, forever=True)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        with transaction(engine, name) as connection:
            workers.gone(connection, name)


def _repeat(chore: Callable[[], object], stop: threading.Event) -> None:
    """Each in a thread of its own, so that a platform that is slow to be asked keeps no delivery waiting."""
    while not stop.is_set():
        try:
            chore()
        except sa.exc.SQLAlchemyError as error:  # the database is away; the publish loop says when that lasts
            log.warning("chore_failed", error=type(error).__name__)
        stop.wait(_CHORES_EVERY_SECONDS)
