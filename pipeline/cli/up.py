"""`pressroom up`, `down` and `reset`: everything on one machine, from one terminal."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.markup import escape

from pipeline.cli.console import fail, out
from pipeline.settings import PROJECT_ROOT, Settings, settings
from pipeline.supervisor import AlreadyRunningError, PortTakenError, Service, Supervisor


def up() -> None:
    """Start the database, the sandbox, the site, the calendar's feed, the collector and Dagster, and show what happens.

    Ctrl-C ends all of it.
    """
    from pipeline.cli.narration import narrate

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with _supervisor() as supervisor:
        supervisor.environment = prepare(settings())
        try:
            out.print("  starting the sandbox, the site, the feed, the collector and Dagster …")
            supervisor.start(*rehearsal(settings()), feed(settings()), collector(settings()), code_server(settings()))
            subprocess.run([sys.executable, "-m", "pipeline.orphaned_runs"], env=supervisor.environment, check=True)
            supervisor.start(*dagster(settings()), watchdog())
            if not stop.is_set():
                _welcome(settings())
            narrate(stop, lambda: _keep_up(supervisor, settings()))
        except (PortTakenError, TimeoutError) as error:
            fail(str(error))
        finally:
            with suppress(OSError):  # the terminal may be gone
                out.print("\nStopping …")
            supervisor.stop()
            stop_database(settings())
            with suppress(OSError):
                out.print("Everything is stopped. Nothing is lost; `make run` continues.")


def down() -> None:
    """Stop whatever `pressroom up` or another command left running, the embedded database too."""
    supervisor = Supervisor(settings().home, os.environ, out.print)
    try:
        with supervisor.exclusive():
            left = supervisor.end_leftovers()
            database = stop_database(settings())
    except AlreadyRunningError as error:
        os.kill(int(str(error)), signal.SIGTERM)
        psutil.wait_procs([psutil.Process(int(str(error)))], timeout=90)
        out.print("Pressroom is stopped.")
    else:
        out.print(
            f"Stopped {left} processes{' and the database' if database else ''}."
            if left or database
            else "Nothing was running."
        )


def reset(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Throw everything away: the embedded database, Dagster's history, the built site, the sandbox's ledger."""
    home = settings().home
    if not home.exists():
        out.print("There is nothing to throw away.")
        return
    out.print(f"This deletes {home}, with every post, figure and run in it. A database of your own is not touched.")
    if not yes and not typer.confirm("Delete it?"):
        raise typer.Exit(1)
    down()
    for part in ("postgres", "dagster", "site", "logs"):
        shutil.rmtree(home / part, ignore_errors=True)
    for ledger in home.glob("sandbox.sqlite*"):
        ledger.unlink()
    out.print("Gone. `make run` starts afresh.")


@contextmanager
def _supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(settings().home, os.environ, lambda text: out.print(f"[yellow]{text}[/]"))
    try:
        with supervisor.exclusive():
            if left := supervisor.end_leftovers():
                out.print(f"  ended {left} processes left over from a run that was killed")
            yield supervisor
    except AlreadyRunningError as error:
        fail(f"Pressroom is running already (process {error}): http://127.0.0.1:{settings().web_port}")


def prepare(current: Settings) -> dict[str, str]:
    """Database, migrations, sample content, Dagster's home. Returns the environment for the services."""
    from pipeline.sample.install import install_sample
    from pipeline.scheduling import materialise
    from pipeline.scheduling.closing import HolidayError
    from pipeline.store import database

    out.print("[bold]Pressroom[/]")
    url, dagster_url = database.database_url(current), database.dagster_database_url(current)
    if current.database_url is None:
        out.print("  database: embedded PostgreSQL in", str(database.data_folder(current)), highlight=False)
        database.create_database(url)
        database.create_database(dagster_url)
    for migration in database.migrate(url):
        out.print(f"  migrated: {migration}", highlight=False)
    engine = database.create_engine(url)
    with database.transaction(engine, "pressroom up") as connection:
        install_sample(connection)
    try:
        materialise.keep_up(engine, now=datetime.now(UTC))
    except (materialise.CalendarBusyError, HolidayError) as error:  # publishing needs no free slots
        out.print(f"  [yellow]The calendar is not up to date:[/] {escape(str(error))}", highlight=False)
    engine.dispose()
    return {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DAGSTER_POSTGRES_URL": dagster_url.render_as_string(hide_password=False),
        "DAGSTER_HOME": str(dagster_home(current)),
        "PRESSROOM_AUTOSTART": "1",
        "PRESSROOM_CODE_SERVER": f"127.0.0.1:{current.code_port}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }


def dagster_home(current: Settings) -> Path:
    """DAGSTER_HOME, with the project's `dagster.yaml` and a workspace that names our code server."""
    home = current.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    (home / "workspace.yaml").write_text(
        f"load_from:\n  - grpc_server:\n      host: 127.0.0.1\n      port: {current.code_port}\n"
        "      location_name: pressroom\n"
    )
    return home


def rehearsal(current: Settings) -> list[Service]:
    """The stand-in platforms, and a server for the built site."""
    return [
        Service("sandbox", [_binary("pressroom"), "sandbox", "run"], current.sandbox_port),
        Service("site", [_binary("pressroom"), "site", "serve"], current.site_port),
    ]


def feed(current: Settings) -> Service:
    """The calendar, for calendar programs that subscribe to it."""
    return Service("feed", [_binary("pressroom"), "calendar", "serve"], current.feed_port)


def collector(current: Settings) -> Service:
    """What readers' browsers and shops speak to: short links, the beacon, conversions."""
    return Service("collector", [_binary("pressroom"), "collect", "serve"], current.collect_port)


def code_server(current: Settings) -> Service:
    """Our definitions, loaded once for Dagster's web server and daemon.

    It is asked, because it goes on as an empty front when the process behind it, which holds our code, is killed.
    """
    from pipeline.alerting.watchdog import code_server_answers

    address = f"127.0.0.1:{current.code_port}"
    command = [_binary("dagster"), "code-server", "start", "-m", "pipeline.definitions"]
    return Service(
        "dagster-code",
        [*command, "--host", "127.0.0.1", "--port", str(current.code_port)],
        current.code_port,
        responds=partial(code_server_answers, address, within_seconds=2.0),
    )


def dagster(current: Settings) -> list[Service]:
    workspace = str(current.home / "dagster" / "workspace.yaml")
    web = [_binary("dagster-webserver"), "-h", "127.0.0.1", "-p", str(current.web_port), "-w", workspace]
    return [
        Service("dagster-web", web, current.web_port),
        Service("dagster-daemon", [_binary("dagster-daemon"), "run", "-w", workspace]),
    ]


def watchdog() -> Service:
    """Outside Dagster: tells when something is stuck that should not be, Dagster included."""
    return Service("watchdog", [_binary("pressroom"), "watch"])


def _binary(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _welcome(current: Settings) -> None:
    out.print(
        f"""
  [bold]Dagster[/]  http://127.0.0.1:{current.web_port}   the lineage, the runs, the sensors
  [bold]Site[/]     http://127.0.0.1:{current.site_port}   what has been published
  [bold]Sandbox[/]  http://127.0.0.1:{current.sandbox_port}   stand-ins for the platforms; not the real thing

  In another terminal:  [bold].venv/bin/pressroom review[/]      what waits for you
                        [bold].venv/bin/pressroom calendar[/]    what goes out when
  {datetime.now().astimezone():%H:%M:%S}  Up. Ctrl-C ends all of it.
""",
        highlight=False,
    )


def _keep_up(supervisor: Supervisor, current: Settings) -> None:
    from pipeline.store import database, embedded

    if current.database_url is None and not embedded.is_running(database.data_folder(current)):
        out.print("[yellow]  The database ended; starting it again.[/]")
        embedded.start(database.data_folder(current))
    supervisor.watch()


def stop_database(current: Settings) -> bool:
    """Stop the embedded server; False where there is none, or none is running."""
    from pipeline.store import database, embedded

    return current.database_url is None and embedded.stop(database.data_folder(current))
