"""Connections: where the database is, how it is opened, and who is acting in a transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT, Settings
from pipeline.store import embedded

MIGRATIONS = PROJECT_ROOT / "sql" / "migrations"
DATABASE = "pressroom"
DAGSTER_DATABASE = "dagster"

# Times travel as UTC whatever the server's zone; a transaction forgotten open would hold back vacuum and slow the
# publish claim several-fold, so the server ends it. What a connection runs again and again is planned once: planning
# the claim costs more than the claim.
_SESSION = (
    "-c timezone=UTC -c idle_in_transaction_session_timeout=60000 -c lock_timeout=30000"
    " -c plan_cache_mode=force_generic_plan"
)


_IDLE_SECONDS = 1.0


class DatabaseError(Exception):
    """The database can't be used as it is; the message says what to do."""


def database_url(settings: Settings) -> sa.URL:
    """Our database: `DATABASE_URL`, or the embedded server, which is started when it isn't running."""
    if settings.database_url is not None:
        return _with_driver(settings.database_url.get_secret_value(), "postgresql+psycopg")
    return embedded.start(data_folder(settings)).set(database=DATABASE)


def dagster_database_url(settings: Settings) -> sa.URL:
    """Dagster's storage. psycopg2 is named because Dagster's event log fails on psycopg 3."""
    if settings.dagster_database_url is not None:
        return _with_driver(settings.dagster_database_url.get_secret_value(), "postgresql+psycopg2")
    if settings.database_url is not None:
        raise DatabaseError(
            "DATABASE_URL is set and DAGSTER_DATABASE_URL is not. Dagster's storage needs a database of its own: "
            "create one on the same server and set DAGSTER_DATABASE_URL to it."
        )
    return embedded.start(data_folder(settings)).set(database=DAGSTER_DATABASE, drivername="postgresql+psycopg2")


def data_folder(settings: Settings) -> Path:
    return settings.home / "postgres"


def create_engine(url: sa.URL) -> sa.Engine:
    # Last in, first out: a busy connection has the statements prepared.
    engine = sa.create_engine(url, pool_size=20, pool_use_lifo=True, connect_args={"options": _SESSION})
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", _ask_the_idle)
    return engine


def _note_use(_: Any, record: sa.pool.ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _ask_the_idle(connection: Any, record: sa.pool.ConnectionPoolEntry, _: Any) -> None:
    """A connection that has lain about may be broken; one in constant use is not asked each time, as SQLAlchemy's own
    `pool_pre_ping` would: that is a round trip for each transaction.
    """
    idle = time.monotonic() - record.info.get("used_at", time.monotonic())
    if idle > _IDLE_SECONDS:
        try:
            with connection.cursor() as cursor:
                cursor.execute("select")
            connection.rollback()
        except psycopg.Error as error:
            raise sa.exc.DisconnectionError from error  # the pool opens another


@contextmanager
def transaction(engine: sa.Engine, actor: str) -> Iterator[sa.Connection]:
    """A transaction in which the database's own log names `actor` as the one who changed things."""
    with engine.begin() as connection:
        connection.execute(sa.text("select set_config('pressroom.actor', :actor, true)"), {"actor": actor})
        yield connection


def create_database(url: sa.URL, *, template: str | None = None) -> bool:
    """Create the database that `url` names, on its server; False where it is there already."""
    server = sa.create_engine(
        url.set(database="postgres", drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    quoted = server.dialect.identifier_preparer.quote_identifier(str(url.database))
    source = f" template {server.dialect.identifier_preparer.quote_identifier(template)}" if template else ""
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"create database {quoted}{source}")
    except sa.exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42P04":  # duplicate_database
            raise
        return False
    finally:
        server.dispose()
    return True


def migrate(url: sa.URL, migrations: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that are missing, oldest first, each in its own transaction; returns their names.

    Two processes that migrate at once are safe: the second waits for the first.
    """
    import yoyo

    backend = yoyo.get_backend(url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    try:
        with backend.lock():
            missing = backend.to_apply(yoyo.read_migrations(str(migrations)))
            backend.apply_migrations(missing)
            return [migration.id for migration in missing]
    finally:
        backend.connection.close()


def _with_driver(url: str, driver: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        # The URL itself may hold a password and is not repeated.
        raise DatabaseError(
            "The database's URL can't be read; it looks like postgresql://user:password@host:5432/name."
        ) from error
    if not parsed.drivername.startswith(("postgresql", "postgres")):
        raise DatabaseError(f"Pressroom needs PostgreSQL; the URL names {parsed.drivername}.")
    return parsed.set(drivername=driver)
