"""The server that comes with the project."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT
from pipeline.store import database, embedded


@pytest.fixture
def data():
    """Short, so that the socket's path fits."""
    with tempfile.TemporaryDirectory(prefix="pressroom-test-", dir="/tmp") as folder:
        data = Path(folder) / "postgres"
        yield data
        embedded.stop(data)


def pid_of(data):
    return int((data / "postmaster.pid").read_text().split()[0])


def test_a_second_start_finds_it_running_and_stop_ends_it(data):
    url = embedded.start(data)
    first = pid_of(data)
    assert embedded.start(data) == url
    assert pid_of(data) == first
    assert embedded.stop(data)
    assert not embedded.is_running(data)
    assert not embedded.stop(data)


def test_it_outlives_the_process_that_started_it_and_another_one_stops_it(data):
    code = (
        "import os, signal, sys; from pathlib import Path; from pipeline.store import embedded\n"
        "embedded.start(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    result = subprocess.run([sys.executable, "-c", code, str(data)], cwd=PROJECT_ROOT, check=False)
    assert result.returncode == -signal.SIGKILL
    assert embedded.is_running(data)
    assert embedded.stop(data)
    assert not embedded.is_running(data)


def test_what_was_committed_is_there_after_a_kill_9_of_the_server(data):
    url = embedded.start(data)
    engine = database.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("create table kept as select 7 as n"))
    engine.dispose()
    server = psutil.Process(pid_of(data))
    family = [server, *server.children()]
    for process in family:
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while embedded.is_running(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    engine = database.create_engine(embedded.start(data))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select n from kept")) == 7
    engine.dispose()


def test_its_lock_is_beside_its_data_not_one_for_the_whole_machine(data):
    embedded.start(data)
    assert (data.parent / "postgres.lock").exists()
