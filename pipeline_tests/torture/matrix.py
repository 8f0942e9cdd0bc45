"""The kill matrix: every fault point, with every adapter, under every fault of the sandbox.

A worker is let run to see which points there are. Then, for each point, one is killed there with -9, and another one,
without fault points, goes on from what it left.
"""

import signal
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

import sqlalchemy as sa

from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.vocabulary import FaultKind
from pipeline.store import database
from pipeline_tests.torture import outside
from pipeline_tests.torture.newsroom import PLATFORMS, Newsroom
from pipeline_tests.torture.points import Point
from pipeline_tests.torture.verdict import judge, story

_DELAY_SECONDS = 0.6
_IMPATIENT_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """A publication on a platform whose sending meets a fault, by a worker that dies at a point; at None it lives."""

    platform: str
    fault: FaultKind | None
    point: Point | None = None

    def __str__(self) -> str:
        return f"{self.platform}, {self.fault or 'no fault'}, killed at {self.point or 'no point'}"


@dataclass(frozen=True, slots=True)
class Result:
    """`passed` are the points of a worker that came to its end; `wrong` is what was found, with the journal."""

    case: Case
    killed: bool
    passed: Sequence[Point]
    wrong: str | None


ALL_PLATFORMS_AND_FAULTS = [
    Case(platform, fault) for platform in PLATFORMS for fault in (None, *(FaultKind if platform in stand_ins() else ()))
]


def try_case(room: Newsroom, case: Case) -> Result:
    """Publish, die at the point, recover, look."""
    sandbox = room.outside.sandbox
    sandbox.clear()
    account = room.account(case.platform)
    (sent,) = room.post([account])
    if case.fault is not None:
        sending = room.sendings[case.platform]
        seconds = {FaultKind.DELAY: _DELAY_SECONDS, FaultKind.RATE_LIMIT: 60.0}.get(case.fault)
        sandbox.fault(case.platform, case.fault, seconds=seconds, method=sending.method, path=sending.path)
    job = room.job(
        awaited=(sent.id,),
        name="first",
        at=case.point,
        timeout_seconds=_IMPATIENT_SECONDS if case.fault is FaultKind.DELAY else 10.0,
    )
    code = job.run()
    killed = code == -signal.SIGKILL
    if killed:
        room.outside.wait_until_idle()
        code = replace(job, name="second", at=None).run()
    room.outside.wait_until_idle()
    room.retire_all()
    wrong = str(judge(room, [sent]))
    if code != 0:
        wrong += f"\nthe last worker ended with {code}:\n{job.log.read_text()[-3000:]}"
    return Result(
        case=case,
        killed=killed,
        passed=job.passed() if code == 0 else (),
        wrong=f"{case}\n{wrong}\n{story(room.engine, sent.id)}" if wrong else None,
    )


@contextmanager
def rooms(template: sa.URL, scratch: Path, count: int) -> Iterator[list[Newsroom]]:
    """Databases, each with its outside world, in which cases can be tried side by side."""
    with ExitStack() as stack:
        made = []
        for number in range(count):
            folder = scratch / f"room-{number}"
            folder.mkdir()
            engine = stack.enter_context(_database(template, f"torture_{uuid.uuid4().hex[:12]}"))
            made.append(Newsroom(engine, stack.enter_context(outside.running(folder)), folder))
            made[-1].rehearse()
        yield made


def try_all(rooms: Sequence[Newsroom], cases: Iterable[Case]) -> Iterator[Result]:
    """Try the cases, as many at once as there are rooms; the results come in the cases' order."""
    free: SimpleQueue[Newsroom] = SimpleQueue()
    for room in rooms:
        free.put(room)

    def in_a_free_room(case: Case) -> Result:
        room = free.get()
        try:
            return try_case(room, case)
        finally:
            free.put(room)

    with ThreadPoolExecutor(len(rooms)) as pool:
        yield from pool.map(in_a_free_room, cases)


@contextmanager
def _database(template: sa.URL, name: str) -> Iterator[sa.Engine]:
    url = template.set(database=name)
    database.create_database(url, template=template.database)
    engine = database.create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
        with template_server(template) as connection:
            connection.exec_driver_sql(f'drop database "{name}" with (force)')


@contextmanager
def template_server(url: sa.URL) -> Iterator[sa.Connection]:
    server = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        yield connection
