"""The engine goes on when PostgreSQL restarts under it."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline.sandbox.vocabulary import FaultKind
from pipeline.store import database, embedded
from pipeline_tests.torture import outside
from pipeline_tests.torture.chaos import restart_database
from pipeline_tests.torture.newsroom import Newsroom, Sent
from pipeline_tests.torture.time_passes import wait_until
from pipeline_tests.torture.verdict import effects_of, judge


@pytest.fixture
def own_room() -> Iterator[Newsroom]:
    """A newsroom on a server of its own, whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="pressroom-test-", dir="/tmp") as folder:
        scratch = Path(folder)
        url = embedded.start(scratch / "postgres").set(database="torture")
        try:
            database.create_database(url)
            database.migrate(url)
            engine = database.create_engine(url)
            with outside.running(scratch) as world:
                room = Newsroom(engine, world, scratch)
                room.rehearse(["x"])
                yield room
            engine.dispose()
        finally:
            embedded.stop(scratch / "postgres")


def live(room: Newsroom, sent: list[Sent], at_least: int) -> bool:
    return sum(map(len, effects_of(room, sent).values())) >= at_least


def published_by(room: Newsroom, worker: str) -> int:
    with room.engine.connect() as connection:
        count = sa.text("select count(*) from distribution_events where to_status = 'published' and actor = :worker")
        return connection.scalar(count, {"worker": worker}) or 0


def test_the_engine_goes_on_when_postgresql_restarts_under_it(own_room: Newsroom):
    room = own_room
    lanes = [room.account("x") for _ in range(4)]
    sent = [one for _ in range(5) for one in room.post(lanes)]
    room.outside.sandbox.fault("x", FaultKind.DELAY, seconds=0.3, count=len(sent))
    job = room.job(name="first", rounds=1)
    process = job.start()
    for immediate, so_far in ((True, 2), (False, 8)):
        wait_until(partial(live, room, sent, so_far), "it publishes")
        restart_database(room.scratch / "postgres", immediate=immediate)
    room.engine.dispose()
    by_then = published_by(room, "first")
    process.join(120)
    assert process.exitcode == 0, job.log.read_text()
    assert published_by(room, "first") > by_then

    last = room.job(name="last", awaited=tuple(one.id for one in sent))
    assert last.run() == 0, last.log.read_text()
    verdict = judge(room, sent)
    assert not verdict.violations, str(verdict)
    assert verdict.counts["published"] == len(sent)
