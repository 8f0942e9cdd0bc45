"""PgQueuer and Procrastinate doing as many jobs that sleep, set up as their documentation has it.

Both run on uvloop, which PgQueuer's own command uses, with listeners and polling as they come. Their jobs are deleted
or kept as by default. Neither has a journal, a pace or an approval to keep; a job that dies is run again.
"""

import asyncio
import gc
import logging
import time
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import procrastinate
import sqlalchemy as sa
import uvloop
from pgqueuer import AsyncpgDriver, Job, Queries, QueueManager
from pgqueuer.types import QueueExecutionMode
from procrastinate.types import JSONDict

PGQUEUER_BATCH = 10
"""Its default."""
_PROCRASTINATE_POOL = 20

logging.getLogger("procrastinate").setLevel(logging.ERROR)


def fill_pgqueuer(url: sa.URL, jobs: int) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(_dsn(url))
        queries = Queries(AsyncpgDriver(connection))
        await queries.install()
        await queries.enqueue(["publish"] * jobs, [str(number).encode() for number in range(jobs)], [0] * jobs)
        await connection.close()

    uvloop.run(fill())


def run_pgqueuer(url: sa.URL, jobs: int, latency: float, in_flight: int, batch: int) -> float:
    """`max_concurrent_tasks` is PgQueuer's own cap; its batch may be half of it at most. Returns the seconds."""
    done = 0

    async def publish(_: Job) -> None:
        nonlocal done
        await asyncio.sleep(latency)
        done += 1

    async def run() -> float:
        connection = await asyncpg.connect(_dsn(url))
        manager = QueueManager(Queries(AsyncpgDriver(connection)))
        manager.entrypoint("publish")(publish)
        started = time.perf_counter()
        await manager.run(batch_size=batch, max_concurrent_tasks=in_flight, mode=QueueExecutionMode.drain)
        seconds = time.perf_counter() - started
        await connection.close()
        return seconds

    gc.collect()
    seconds = uvloop.run(run())
    assert done == jobs, f"PgQueuer ran {done} of {jobs}"
    return seconds


def fill_procrastinate(url: sa.URL, jobs: int) -> None:
    async def fill() -> None:
        app = _procrastinate(url)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            arguments: list[JSONDict] = [{"number": number} for number in range(jobs)]
            await app.configure_task("publish").batch_defer_async(*arguments)

    uvloop.run(fill())


def run_procrastinate(url: sa.URL, jobs: int, latency: float, in_flight: int) -> float:
    """Returns the seconds."""
    done = 0

    async def publish(number: int) -> None:  # noqa: ARG001 - the job's argument
        nonlocal done
        await asyncio.sleep(latency)
        done += 1

    async def run() -> float:
        app = _procrastinate(url)
        app.task(name="publish")(publish)
        async with app.open_async():
            started = time.perf_counter()
            await app.run_worker_async(concurrency=in_flight, wait=False, install_signal_handlers=False)
            return time.perf_counter() - started

    gc.collect()
    seconds = uvloop.run(run())
    assert done == jobs, f"Procrastinate ran {done} of {jobs}"
    return seconds


def _procrastinate(url: sa.URL) -> procrastinate.App:
    pool: dict[str, Any] = {"min_size": _PROCRASTINATE_POOL, "max_size": _PROCRASTINATE_POOL}
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=_dsn(url), **pool))


def _dsn(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
