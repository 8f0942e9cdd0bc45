"""What befalls the workers and the world in `make torture`, by chance and by a seed: the order of events is the seed's,
how they fall together with the workers' steps is the machine's.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa

from pipeline.distribution.engine import EngineConfig
from pipeline.sandbox.vocabulary import FaultKind
from pipeline.store import embedded
from pipeline_tests.torture.newsroom import Newsroom
from pipeline_tests.torture.points import Point
from pipeline_tests.torture.time_passes import wait_until

CALL_SECONDS = 1.0
HASTY = EngineConfig(
    lease=timedelta(seconds=1.5),
    settle=timedelta(seconds=15),
    look_ahead=timedelta(seconds=1),
    max_tries=50,
    backoff_base=timedelta(seconds=0.2),
    backoff_cap=timedelta(seconds=2),
    rate_limit_pause=timedelta(seconds=1),
    breaker_rest=timedelta(seconds=0.5),
    breaker_cap=timedelta(seconds=2),
    database_patience=timedelta(seconds=60),
)
"""The protocol with short times, in about the proportions of production: call < lease < freeze < settle."""
_FREEZES_SECONDS = (1.6, 4.0)
"""All longer than the lease."""
_SKEWS = (timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=-1))


def restart_database(data: Path, *, immediate: bool) -> None:
    """Stop the embedded server and start it again. Immediate: without a checkpoint, it recovers from its log."""
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT if immediate else signal.SIGINT)
    wait_until(lambda: not embedded.is_running(data), "PostgreSQL ends")
    embedded.start(data)


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    frozen_at: float | None = None
    thaws_at: float = 0.0


@dataclass(slots=True)
class Chaos:
    """`points` are where workers may be killed; `longest_freeze` is in seconds, as it really was."""

    room: Newsroom
    data: Path
    points: Sequence[Point]
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    longest_freeze: float = 0.0
    _workers: list[_Worker] = field(default_factory=list)
    _names: int = 0

    def rage(self, seconds: float, tell: Callable[[], None]) -> None:
        """Let workers run, and things happen to them, for so long; then end them, and what else was arranged."""
        self._workers = [self._start() for _ in range(self.chance.randint(2, 4))]
        events = self._events()
        over = time.monotonic() + seconds
        told = time.monotonic()
        while time.monotonic() < over:
            self.chance.choices(list(events), list(events.values()))[0]()
            self._tend()
            if time.monotonic() - told > 5:
                told = time.monotonic()
                tell()
            time.sleep(self.chance.uniform(0.1, 1.0))
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
        self.room.outside.sandbox.clear_faults()
        self.room.outside.wait_until_idle()

    def _events(self) -> dict[Callable[[], None], int]:
        """What may happen, and how often against the others."""
        return {
            self._kill: 6,
            self._ask_to_end: 2,
            self._freeze: 4,
            self._let_a_platform_fail: 8,
            self._restart_database: 1,
        }

    def _start(self) -> _Worker:
        """A worker with a right or a wrong clock; every other one dies at a point of its own."""
        self._names += 1
        point = self.chance.choice(self.points)
        job = self.room.job(
            name=f"worker {self._names}",
            forever=True,
            config=HASTY,
            timeout_seconds=CALL_SECONDS,
            skew=self.chance.choice(_SKEWS),
            at=Point(point.name, self.chance.randint(1, 12)) if self.chance.random() < 0.5 else None,
        )
        return _Worker(job.start())

    def _kill(self) -> None:
        self.chance.choice(self._workers).process.kill()

    def _ask_to_end(self) -> None:
        self.chance.choice(self._workers).process.terminate()

    def _freeze(self) -> None:
        worker = self.chance.choice(self._workers)
        length = self.chance.uniform(*_FREEZES_SECONDS)
        if worker.frozen_at is None and worker.process.is_alive():
            assert worker.process.pid is not None
            os.kill(worker.process.pid, signal.SIGSTOP)
            worker.frozen_at = time.monotonic()
            worker.thaws_at = worker.frozen_at + length
            self.counts["freezes"] += 1

    def _let_a_platform_fail(self) -> None:
        platform = self.chance.choice(list(self.room.sendings))
        kind = self.chance.choice(list(FaultKind))
        seconds = {FaultKind.DELAY: 1.5 * CALL_SECONDS, FaultKind.RATE_LIMIT: 1.0}.get(kind)
        self.room.outside.sandbox.fault(platform, kind, count=self.chance.randint(1, 3), seconds=seconds)
        self.counts["faults"] += 1

    def _restart_database(self) -> None:
        immediate = self.chance.random() < 0.5
        self.room.engine.dispose()
        restart_database(self.data, immediate=immediate)
        self.counts["restarts"] += 1

    def _tend(self) -> None:
        """Thaw who has been frozen long enough, replace who is gone, and give paused accounts back to their queues."""
        now = time.monotonic()
        for number, worker in enumerate(self._workers):
            if worker.frozen_at is not None and (now >= worker.thaws_at or not worker.process.is_alive()):
                self.longest_freeze = max(self.longest_freeze, now - worker.frozen_at)
                worker.frozen_at = None
                with suppress(ProcessLookupError):
                    os.kill(worker.process.pid or 0, signal.SIGCONT)
            if not worker.process.is_alive():
                ends = {-signal.SIGKILL: "kills", 0: "drained"}
                self.counts[ends.get(worker.process.exitcode or 0, "gave up")] += 1
                self._workers[number] = self._start()
        self.resume_accounts()

    def resume_accounts(self) -> None:
        """A person's part: a platform refuses the signatures of a worker whose clock is wrong."""
        with self.room.engine.begin() as connection:
            resumed = connection.execute(
                sa.text("""
                    update platforms set state = 'active', state_reason = null
                    where state = 'paused' and state_reason like 'the platform refused%'
                """)
            )
            self.counts["accounts resumed"] += resumed.rowcount
