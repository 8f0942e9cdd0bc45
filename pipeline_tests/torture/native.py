"""A worker that looks after native scheduling in a process of its own, and dies at a named point of it.

Forked off the torture's warm process; everything it needs is imported here, at the top.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

import sqlalchemy as sa

from pipeline.distribution.handover import tend
from pipeline.store import database
from pipeline_tests.distribution.far_platform import FarPlatform
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.torture.outside import FORKS
from pipeline_tests.torture.points import Point, Points, watch_database


@dataclass(frozen=True, slots=True)
class Look:
    """One round of native scheduling; `at` is where its worker is killed, at None it lives."""

    database: str
    log: Path
    at: Point | None = None

    def run(self) -> int:
        """Its worker's exit code, negative where a signal ended it."""
        process = FORKS.Process(target=_run, args=(self,), daemon=True)
        process.start()
        process.join(120)
        assert process.exitcode is not None, f"the worker does not end; its log is {self.log}"
        return process.exitcode

    def passed(self) -> list[Point]:
        """The points behind which something is different from before: commits, and the platform's calls."""
        lines = self.log.with_suffix(".points").read_text().splitlines()
        return [Point(name, int(time)) for time, _, name in (line.partition(" ") for line in lines)]


def _run(look: Look) -> None:
    with look.log.open("a") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    points = Points(look.at, lambda: os.kill(os.getpid(), SIGKILL))
    engine = database.create_engine(sa.make_url(look.database))
    watch_database(engine, lambda name: points.reach(name) if name.startswith("after the commit") else None)
    far = FarPlatform(database.create_engine(sa.make_url(look.database)), lambda step, _: points.reach(f"far: {step}"))
    tend(engine, far.open, NO_LOOK_AHEAD, worker="killed")
    passed = "".join(f"{point.time} {point.name}\n" for point in points.passed)
    look.log.with_suffix(".points").write_text(passed)
