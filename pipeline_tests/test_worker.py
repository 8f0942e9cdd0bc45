"""`pressroom worker` as a process: on the second, drained by SIGTERM, alone in charge while it lives."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline import sensors
from pipeline.resources.platforms import Platforms
from pipeline.sandbox.server import running
from pipeline.store import tables, workers
from pipeline_tests import factories

_PRESSROOM = str(Path(sys.executable).parent / "pressroom")


@pytest.fixture
def sandbox():
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def account_on(connection, sandbox):
    return factories.account(
        connection, credentials_secret_id="sandbox:x", publish_config={"base_url": f"{sandbox.url}/x"}
    )


@contextmanager
def at_work(database_url, tmp_path):
    environment = {
        **os.environ,
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "PRESSROOM_HOME": str(tmp_path),
    }
    process = subprocess.Popen([_PRESSROOM, "worker"], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "is at work" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_publishes_at_the_second_with_no_dagster_about(engine, connection, database_url, sandbox, tmp_path):
    account = account_on(connection, sandbox)
    with at_work(database_url, tmp_path):
        due = factories.distribution(connection, account, due_in=timedelta(seconds=3))
        wait_until(lambda: factories.row_of(engine, due).status == "published")
    (effect,) = sandbox.effects("x")
    assert timedelta(0) <= effect.at - factories.row_of(engine, due).scheduled_for < timedelta(seconds=3)


def test_sigterm_lets_a_worker_finish_what_is_in_the_air_and_nothing_more(
    engine, connection, database_url, sandbox, tmp_path
):
    account = account_on(connection, sandbox)
    sandbox.fault("x", "delay", seconds=3)
    first, second = (factories.distribution(connection, account, due_in=timedelta(seconds=-n)) for n in (9, 5))
    with at_work(database_url, tmp_path) as process:
        wait_until(lambda: factories.row_of(engine, first).status == "publishing")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert re.search(r"has stopped: x-\d+ 1 published", said)
    assert [factories.row_of(engine, each).status for each in (first, second)] == ["published", "scheduled"]
    assert len(sandbox.effects("x")) == 1
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.workers)) == 0


def test_while_a_worker_is_at_work_dagster_starts_no_publisher_and_after_it_died_it_does(connection, database_resource):
    factories.distribution(connection, factories.account(connection))
    due = next(sensor for sensor in sensors.ALL if sensor.name == "due_distributions")
    resources = {"database": database_resource, "platforms": Platforms(database=database_resource)}
    workers.seen(connection, "worker here 1")
    with dg.DagsterInstance.ephemeral() as instance:
        with dg.build_sensor_context(instance=instance, resources=resources) as context:
            skipped = due.evaluate_tick(context)
            connection.execute(sa.text("update workers set seen_at = now() - interval '2 minutes'"))
            asked = due.evaluate_tick(context)
    assert (skipped.run_requests or [], skipped.skip_message) == ([], "worker here 1 is at work and sees to it.")
    assert len(asked.run_requests or []) == 1


_RUN = """
import sys
import dagster as dg
from pipeline.assembly import build_defs

if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral() as instance:
        build_defs().resolve_job_def("publish").execute_in_process(instance=instance)
"""


def test_ending_a_dagster_run_lets_it_finish_what_is_in_the_air(engine, connection, database_url, sandbox, tmp_path):
    account = account_on(connection, sandbox)
    sandbox.fault("x", "delay", seconds=3)
    first, second = (factories.distribution(connection, account, due_in=timedelta(seconds=-n)) for n in (9, 5))
    environment = {
        **os.environ,
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "PRESSROOM_HOME": str(tmp_path),
    }
    process = subprocess.Popen([sys.executable, "-c", _RUN], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: factories.row_of(engine, first).status == "publishing", seconds=60)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert [factories.row_of(engine, each).status for each in (first, second)] == ["published", "scheduled"]
    assert len(sandbox.effects("x")) == 1
