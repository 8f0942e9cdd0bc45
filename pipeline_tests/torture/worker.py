"""A worker of the real engine in a process of its own, which can be killed or frozen at a named point.

Forked off a warm process: everything it needs is imported here, at the top.
"""

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIG_BLOCK, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, pthread_sigmask, signal, sigwait
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.accounts import AdapterFactory, adapter_factory
from pipeline.distribution.credentials import Keepers
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.publish import publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.platforms.base import Account
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import Wire
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.settings import Settings
from pipeline.store import database
from pipeline_tests.torture import points
from pipeline_tests.torture.outside import FORKS, Outside
from pipeline_tests.torture.points import Point, Points
from pipeline_tests.torture.time_passes import pass_time, skew_clock


def _warm_up() -> None:
    """Load what loads at first use otherwise, and takes several times as long as a publication."""
    database.create_engine(sa.make_url("postgresql+psycopg://"))
    for platform in platform_names():
        with suppress(ValueError):  # the site's, without a folder
            adapter_class(platform)(Account("warm-up", platform, {})).validate(Content("", "Cut above a bud."))
    with suppress(CallError):
        Wire(Account("warm-up", "none", {})).call("GET", "http://127.0.0.1:1/")


_warm_up()

PRODUCTION = replace(EngineConfig.from_settings(Settings()), look_ahead=timedelta(0))
"""The protocol's own times. What is not due now is left, because nobody waits here: time is made to pass."""

_ROUND = timedelta(minutes=16)
"""Passes between two rounds: longer than the lease, the settle time and a rate limit without a reset."""
PATIENCE = 24
"""Rounds: far more than anything needs. What is still not at rest then is stuck."""


_STATUS = threading.Lock()
"""A process's exit code can be read once, and starting one reads those of all others: two threads lose one."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do, and what is to happen to it at which point."""

    database: str
    outside: Outside
    log: Path
    awaited: tuple[UUID, ...] = ()
    """The distributions that are to come to rest before it ends, if they can."""
    name: str = "worker"
    at: Point | None = None
    freezes: bool = False
    """At its point it stops until SIGCONT; else it is killed there."""
    rounds: int = PATIENCE
    forever: bool = False
    """Go on until it is killed or asked to end, as a daemon does. Then time passes by itself."""
    config: EngineConfig = PRODUCTION
    timeout_seconds: float = 10.0
    skew: timedelta = timedelta(0)

    def start(self) -> BaseProcess:
        process = FORKS.Process(target=_run, args=(self,), name=self.name, daemon=True)
        with _STATUS:
            process.start()
        return process

    def run(self, seconds: float = 120) -> int:
        """Start it and wait so long for its end: its exit code, negative where a signal ended it."""
        process = self.start()
        wait([process.sentinel], seconds)
        with _STATUS:
            code = process.exitcode
        assert code is not None, f"the worker does not end; its log is {self.log}"
        return code

    def passed(self) -> list[Point]:
        """The points that a worker which came to its end passed, in order."""
        lines = self._trail.read_text().splitlines()
        return [Point(name, int(time_)) for time_, _, name in (line.partition(" ") for line in lines)]

    @property
    def _trail(self) -> Path:
        return self.log.with_suffix(".points")


def _run(job: Job) -> None:
    with job.log.open("a") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    if job.skew:
        skew_clock(job.skew)
    pthread_sigmask(SIG_BLOCK, {SIGCONT})  # so that it can be waited for; it wakes a stopped process all the same

    def befall() -> None:
        if not job.freezes:
            os.kill(os.getpid(), SIGKILL)
        os.kill(os.getpid(), SIGSTOP)
        sigwait({SIGCONT})  # a stop reaches the threads one after the other, and this one must take no further step

    passed = Points(job.at, befall)
    engine = database.create_engine(sa.make_url(job.database))
    points.watch_database(engine, passed.reach)
    points.watch_http(passed.reach)
    points.watch_files(job.outside.site_folder, passed.reach)
    open_adapter = points.watched_factory(
        adapter_factory(Keepers(engine), timeout_seconds=job.timeout_seconds), passed.reach
    )

    if job.forever:
        _serve(job, engine, open_adapter)
    else:
        _work_off(job, engine, open_adapter)
        job._trail.write_text("".join(f"{point.time} {point.name}\n" for point in passed.passed))


def _work_off(job: Job, engine: sa.Engine, open_adapter: AdapterFactory) -> None:
    aside = database.create_engine(sa.make_url(job.database))  # the steps of the test itself are no fault points
    for round_ in range(job.rounds):
        publish_due(engine, open_adapter, job.config, worker=job.name)
        reconcile(engine, open_adapter, job.config, worker=job.name)
        if round_ + 1 == job.rounds or at_rest(aside, job.awaited):
            break
        job.outside.wait_until_idle()
        pass_time(aside, _ROUND)


def _serve(job: Job, engine: sa.Engine, open_adapter: AdapterFactory) -> None:
    """Publish and reconcile, each in its own time, until SIGTERM, which drains."""
    stop = threading.Event()
    signal(SIGTERM, lambda *_: stop.set())

    def ask() -> None:
        while not stop.wait(0.3):
            with suppress(sa.exc.DBAPIError):  # PostgreSQL is away, and will be asked again
                reconcile(engine, open_adapter, job.config, worker=job.name)

    asking = threading.Thread(target=ask)
    asking.start()
    publish_due(engine, open_adapter, job.config, worker=job.name, stop=stop, forever=True)
    asking.join()


def at_rest(engine: sa.Engine, ids: Sequence[UUID]) -> bool:
    """Whether there is nothing more that the engine would do by itself for these distributions."""
    with engine.connect() as connection:
        return not connection.scalar(
            sa.text("""
                select exists (
                    select from distributions
                    where id = any (:ids)
                        and (status in ('scheduled', 'publishing') or (status = 'unknown' and person_asked_at is null))
                )
            """),
            {"ids": list(ids)},
        )
