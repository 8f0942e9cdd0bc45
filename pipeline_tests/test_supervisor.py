"""The supervisor with real processes: none is left, none is missed."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest

from pipeline.supervisor import AlreadyRunningError, PortTakenError, Service, Supervisor

# A server on a port, with a child of its own, as Dagster's code server has.
_SERVER = """
import socket, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("child", child.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def supervising(folder, told=None):
    supervisor = Supervisor(folder, dict(os.environ), (told if told is not None else []).append)
    try:
        yield supervisor
    finally:
        supervisor.stop()


def server(port):
    return Service("server", [sys.executable, "-c", _SERVER, str(port)], port)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def child_of(folder):
    log = (folder / "logs" / "server.log").read_text()
    return int(log.rpartition("child ")[2].split()[0])


def eventually(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_service_is_up_when_start_returns_and_gone_with_its_children_after_stop(tmp_path, port):
    with supervising(tmp_path) as supervisor:
        supervisor.start(server(port))
        assert answers(port)
        child = child_of(tmp_path)
        assert psutil.pid_exists(child)
    assert not answers(port)
    assert not psutil.pid_exists(child)


def test_what_dies_is_started_again_and_told(tmp_path, port):
    told: list[str] = []
    with supervising(tmp_path, told) as supervisor:
        supervisor.start(server(port))
        parent = psutil.Process(child_of(tmp_path)).parent()
        assert parent is not None
        parent.kill()
        eventually(lambda: not answers(port))
        eventually(lambda: supervisor.watch() or answers(port))
    assert "SIGKILL" in told[0]


def test_what_a_killed_supervisor_leaves_is_found_and_ended_by_the_next(tmp_path, port):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.supervisor import Service, Supervisor\n"
        f"s = Supervisor(Path({str(tmp_path)!r}), dict(os.environ), print)\n"
        f"s.start(Service('server', [sys.executable, '-c', {_SERVER!r}, '{port}'], {port}))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    child = child_of(tmp_path)
    assert answers(port)
    with supervising(tmp_path) as supervisor:
        assert supervisor.end_leftovers() == 2
    assert not answers(port)
    assert not psutil.pid_exists(child)


def test_another_folders_services_are_left_alone(tmp_path, port):
    with supervising(tmp_path / "one") as one, supervising(tmp_path / "two") as two:
        one.start(server(port))
        assert two.end_leftovers() == 0
        assert answers(port)


def test_a_second_supervisor_in_the_same_folder_is_refused(tmp_path):
    with supervising(tmp_path) as one, supervising(tmp_path) as two, one.exclusive():
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())), two.exclusive():
            pass


def test_a_port_that_is_taken_is_said_and_nothing_is_started(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, supervising(tmp_path) as supervisor:
        with pytest.raises(PortTakenError, match="in use by another program"):
            supervisor.start(server(taken.getsockname()[1]))
    assert not (tmp_path / "logs").exists()


def test_a_service_that_ends_at_once_is_said_with_its_log(tmp_path, port):
    with supervising(tmp_path) as supervisor, pytest.raises(TimeoutError, match="broken.log"):
        supervisor.start(Service("broken", [sys.executable, "-c", "raise SystemExit(3)"], port))


def test_what_dies_again_at_once_is_started_again_later_and_later(tmp_path):
    told: list[str] = []
    with supervising(tmp_path, told) as supervisor:
        supervisor.start(Service("broken", [sys.executable, "-c", "raise SystemExit(3)"]))
        eventually(lambda: supervisor.watch() or len(told) == 3)
        (broken,) = supervisor._running
        broken.process.wait()
        assert broken.restart_at is not None
        assert broken.restart_at - time.monotonic() > 1.0
        broken.started_at -= 61  # as if it had been well for a minute
        broken.restart_at = None
        supervisor.watch()
        assert broken.restart_at is None


def test_what_runs_but_no_longer_responds_is_started_again(tmp_path, port):
    told: list[str] = []
    responds = True
    with supervising(tmp_path, told) as supervisor:
        first = server(port)
        supervisor.start(
            Service(first.name, first.command, first.port, responds=lambda: responds, hangs_after_seconds=0.3)
        )
        child = child_of(tmp_path)
        for _ in range(10):
            supervisor.watch()
            time.sleep(0.05)
        assert told == []
        responds = False
        eventually(lambda: supervisor.watch() or told)
        eventually(lambda: answers(port) and child_of(tmp_path) != child)
        assert not psutil.pid_exists(child)
    assert "does not respond" in told[0]
