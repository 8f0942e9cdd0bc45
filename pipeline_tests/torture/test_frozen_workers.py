"""A worker frozen longer than its lease, but not longer than the settle time, sends nothing twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from uuid import UUID

import psutil
import pytest
import sqlalchemy as sa

from pipeline_tests import factories
from pipeline_tests.torture.matrix import Case, try_case
from pipeline_tests.torture.newsroom import PLATFORMS, Newsroom
from pipeline_tests.torture.points import Point
from pipeline_tests.torture.time_passes import pass_time, wait_until
from pipeline_tests.torture.verdict import effects_of, judge
from pipeline_tests.torture.worker import PRODUCTION, Job

_LONGER_THAN_THE_LEASE = PRODUCTION.lease + timedelta(seconds=5)


def before_the_send(room: Newsroom, platform: str) -> Point:
    """Where the call that publishes is connected; on the site, once it has kept the handle and writes its files."""
    passed = try_case(room, Case(platform, None)).passed
    if platform not in room.sendings:
        (point,) = (each for each in passed if each.name.startswith("after the commit of") and "handle" in each.name)
        return point
    call = room.sendings[platform]
    (point,) = (
        each
        for each in passed
        if each.name.startswith(f"in {call.method} ") and each.name.endswith(f"{call.path}, connected")
    )
    return point


@contextmanager
def frozen_at(room: Newsroom, point: Point) -> Iterator[tuple[Job, BaseProcess]]:
    """A worker that stands still at the point; to be woken by SIGCONT."""
    job = room.job(name="frozen", rounds=1, at=point, freezes=True)
    process = job.start()
    try:
        frozen = psutil.Process(process.pid)
        wait_until(lambda: frozen.status() == psutil.STATUS_STOPPED, "the worker stops at its point")
        yield job, process
    finally:
        process.kill()  # nothing else ends a process that is stopped


def attempts(room: Newsroom, distribution_id: UUID) -> int:
    with room.engine.connect() as connection:
        count = sa.text("select count(*) from publish_attempts where distribution_id = :id")
        return connection.scalar(count, {"id": distribution_id}) or 0


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("where", ["before the send", "after the send"])
def test_frozen_longer_than_its_lease_a_worker_duplicates_nothing(newsroom: Newsroom, platform: str, where: str):
    point = before_the_send(newsroom, platform) if where == "before the send" else Point("after adapter.publish")
    (sent,) = newsroom.post([newsroom.account(platform)])
    with frozen_at(newsroom, point) as (frozen, process):
        live = effects_of(newsroom, [sent])[sent.id]
        assert bool(live) is (where == "after the send")

        pass_time(newsroom.engine, _LONGER_THAN_THE_LEASE)
        other = newsroom.job(name="other", rounds=1)
        assert other.run() == 0, other.log.read_text()
        assert factories.row_of(newsroom.engine, sent.id).status == ("published" if live else "unknown")

        psutil.Process(process.pid).resume()
        process.join(60)
        assert process.exitcode == 0, frozen.log.read_text()

    last = newsroom.job(name="last", awaited=(sent.id,))
    assert last.run() == 0, last.log.read_text()
    verdict = judge(newsroom, [sent])
    assert not verdict.violations, str(verdict)
    assert verdict.counts["published"] == 1
    assert attempts(newsroom, sent.id) == 1
