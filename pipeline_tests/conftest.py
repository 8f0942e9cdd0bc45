"""A real PostgreSQL for every test: the embedded server, one database a test, cloned from a migrated template."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT
from pipeline.store import database, embedded

if TYPE_CHECKING:
    from pipeline.resources.database import Database

SHARED_DATA = PROJECT_ROOT.parent / "shared" / "data"
_IS_OUTERMOST = os.environ.setdefault("PRESSROOM_TESTS_BY", str(os.getpid())) == str(os.getpid())
"""Neither a worker of another run nor a run that a test has started."""
_SERVER = PROJECT_ROOT / ".pressroom" / "tests" / "postgres"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> sa.URL:
    """The migrated template's URL. Its name carries the migrations' hash, so a later run finds it ready."""
    from fasteners import InterProcessLock

    digest = hashlib.sha256()
    for migration in sorted(database.MIGRATIONS.glob("*.sql")):
        digest.update(migration.read_bytes())
    _SERVER.parent.mkdir(parents=True, exist_ok=True)
    with InterProcessLock(_SERVER.parent / "lock"):
        url = embedded.start(_SERVER).set(database=f"template_{digest.hexdigest()[:12]}")
        if database.create_database(url):
            try:
                database.migrate(url)
            except BaseException:
                _drop(url)
                raise
    return url


@pytest.fixture
def database_url(template: sa.URL) -> Iterator[sa.URL]:
    """An empty, migrated database of the test's own."""
    url = template.set(database=f"test_{os.getpid()}_{uuid.uuid4().hex[:8]}")
    database.create_database(url, template=template.database)
    yield url
    _drop(url)


@pytest.fixture
def engine(database_url: sa.URL) -> Iterator[sa.Engine]:
    engine = database.create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database_resource(engine: sa.Engine, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Iterator["Database"]:
    """Dagster's way to the test's database."""
    from pipeline.resources.database import Database
    from pipeline.settings import settings

    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    settings.cache_clear()
    yield Database()
    settings.cache_clear()


@pytest.fixture(scope="session")
def social_posts() -> Path:
    """10,393 real posts."""
    return _shared("social_posts.jsonl.gz")


def _shared(name: str) -> Path:
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"the real data set {name} is not beside this checkout (../shared/data)")
    return path


def _drop(url: sa.URL) -> None:
    server = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'drop database if exists "{url.database}" with (force)')
    server.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The two that start whole systems go first, so that the other worker has work for as long as they run."""
    items.sort(key=lambda item: item.path.name not in ("test_up.py", "test_line.py"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last test run on this checkout stops the server; a run beside it, or around it, keeps it."""
    if not _IS_OUTERMOST or not (_SERVER / "postmaster.pid").exists():
        return
    server = sa.create_engine(embedded.start(_SERVER), poolclass=sa.NullPool)
    with server.connect() as connection:
        others = connection.scalar(
            sa.text(
                "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
            )
        )
    if not others:
        embedded.stop(_SERVER)
