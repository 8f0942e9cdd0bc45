"""The server that everything is measured on, and databases that all begin alike: each is cloned from a template."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT
from pipeline.store import database, embedded

_DATA = PROJECT_ROOT / ".pressroom" / "bench" / "postgres"


@contextmanager
def server() -> Iterator[sa.URL]:
    """The embedded PostgreSQL with the settings it comes with, over a data folder of its own; stopped afterwards."""
    url = embedded.start(_DATA)
    try:
        yield url
    finally:
        embedded.stop(_DATA)


@contextmanager
def template(server: sa.URL, fill: Callable[[sa.URL], None]) -> Iterator[sa.URL]:
    """A database that `fill` has filled, vacuumed and analysed, to be cloned."""
    with _temporary(server, "template") as url:
        fill(url)
        _maintain(url)
        yield url


@contextmanager
def clone(original: sa.URL) -> Iterator[sa.URL]:
    """A copy of the database; nobody may be connected to the original. What it has to write is on disk."""
    with _temporary(original, "round", template=original.database) as url:
        _run(url, "checkpoint")
        yield url


@contextmanager
def opened(url: sa.URL) -> Iterator[sa.Engine]:
    """An engine with the project's own settings."""
    engine = database.create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _temporary(server: sa.URL, kind: str, *, template: str | None = None) -> Iterator[sa.URL]:
    url = server.set(database=f"bench_{kind}_{uuid.uuid4().hex[:8]}")
    database.create_database(url, template=template)
    try:
        yield url
    finally:
        _run(url.set(database="postgres"), f'drop database "{url.database}" with (force)')


def _maintain(url: sa.URL) -> None:
    _run(url, "vacuum (analyze)")


def _run(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
