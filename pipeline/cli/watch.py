"""`pressroom watch`: the watchdog, outside Dagster."""

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import fail, out
from pipeline.settings import Settings, settings

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.alerting.watchdog import Concern, WatchConfig

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 15.0
_DELIVER_SECONDS = 5.0
# A server that hangs must not make the watchdog hang: connections are made anew for each look, and given up soon.
_CONNECT_SECONDS = 5
_SESSION = "-c timezone=UTC -c statement_timeout=20000 -c lock_timeout=5000"


def watch(
    *, once: Annotated[bool, typer.Option("--once", help="Look once, and print it; status 1 if anything is.")] = False
) -> None:
    """Look every quarter of a minute whether anything is stuck, and tell people. Needs nothing of Dagster's alive.

    Alerts are delivered from here too, so that they arrive when Dagster does not.
    """
    from pipeline.alerting.channels import channels
    from pipeline.alerting.patrol import Patrol
    from pipeline.alerting.watchdog import look
    from pipeline.store.database import DatabaseError, database_url

    try:
        engine = _impatient(database_url(settings()))
        see = partial(look, engine, _dagster_storage(settings()), _config(settings()))
    except DatabaseError as error:
        fail(str(error))
    if once:
        _print_once(see)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # In a thread of its own: a channel that hangs must not keep the watchdog from looking.
    postman = threading.Thread(target=_deliver, args=(engine, stop), name="postman")
    postman.start()
    patrol = Patrol(engine, see, channels(settings()))
    try:
        while postman.is_alive() and not stop.is_set():
            patrol.round()
            stop.wait(_LOOK_SECONDS)
    finally:  # never one half without the other: whoever started the process starts it again
        died = not stop.is_set()
        stop.set()
        postman.join()
    if died:
        raise typer.Exit(1)


def _print_once(see: "Callable[[], list[Concern]]") -> None:
    import sqlalchemy as sa

    from pipeline.alerting.patrol import no_database

    try:
        concerns = see()
    except sa.exc.SQLAlchemyError as error:
        concerns = [no_database(error)]
    if not concerns:
        out.print("Nothing is stuck.")
        return
    table = Table()
    for heading in ("what", "about", ""):
        table.add_column(heading, overflow="fold")
    for concern in concerns:
        table.add_row(concern.kind, escape(concern.subject), escape(concern.message))
    out.print(table)
    raise typer.Exit(1)


def _deliver(engine: "sa.Engine", stop: threading.Event) -> None:
    import sqlalchemy as sa

    from pipeline.alerting.channels import alert_handlers
    from pipeline.distribution.relay import deliver_due
    from pipeline.store.outbox import next_due

    handlers = alert_handlers(settings())
    while not stop.wait(_DELIVER_SECONDS):
        try:
            with engine.connect() as connection:
                wait = next_due(connection, handlers.keys())
            if wait is not None and wait <= timedelta(0):
                deliver_due(engine, handlers, worker="watchdog", stop=stop)
        except sa.exc.SQLAlchemyError as error:  # the patrol tells of it
            log.warning("not_delivering", error=type(error).__name__)


def _config(current: Settings) -> "WatchConfig":
    from pipeline.alerting.watchdog import WatchConfig
    from pipeline.distribution.engine import EngineConfig

    deadline = EngineConfig.from_settings(current).ask_person_after
    return WatchConfig(unknown_for=deadline + timedelta(hours=1), code_server=current.code_server)


def _dagster_storage(current: Settings) -> "sa.Engine | None":
    """None where there is a database of one's own and no word of Dagster's: only workers are used."""
    import sqlalchemy as sa

    from pipeline.store.database import dagster_database_url

    if current.dagster_postgres_url is not None:
        return _impatient(sa.make_url(current.dagster_postgres_url.get_secret_value()))
    if current.database_url is not None and current.dagster_database_url is None:
        return None
    return _impatient(dagster_database_url(current))


def _impatient(url: "sa.URL") -> "sa.Engine":
    import sqlalchemy as sa

    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=sa.NullPool,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "options": _SESSION},
    )
