"""Dagster's code server, real, asked as the watchdog asks it."""

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pipeline.alerting.watchdog import code_server_answers

_DEFINITIONS = "import dagster as dg\n\n@dg.job\ndef nothing(): ...\n\ndefs = dg.Definitions(jobs=[nothing])\n"


@pytest.fixture
def server(tmp_path):
    (tmp_path / "definitions.py").write_text(_DEFINITIONS)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    dagster = str(Path(sys.executable).parent / "dagster")
    command = [dagster, "code-server", "start", "-f", "definitions.py", "--host", "127.0.0.1", "--port", port]
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "DAGSTER_HOME": str(tmp_path)})
    yield process, f"127.0.0.1:{port}"
    inner = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for each in inner:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def eventually_answers(address):
    deadline = time.monotonic() + 60
    while not code_server_answers(address, within_seconds=1):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_whose_inner_process_hangs_or_is_gone_does_not_answer(server):
    process, address = server
    eventually_answers(address)
    (inner,) = psutil.Process(process.pid).children(recursive=True)
    inner.suspend()
    assert not code_server_answers(address, within_seconds=1)
    inner.resume()
    eventually_answers(address)
    inner.kill()
    inner.wait()
    assert not code_server_answers(address, within_seconds=1)
    assert process.poll() is None
