import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.server import running
from pipeline.sandbox.wordpress.credentials import EDITOR


@contextmanager
def process(ledger: Path) -> Iterator[tuple[Sandbox, subprocess.Popen[bytes]]]:
    """A sandbox in a process of its own, killed at the end if it still runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "import sys, pathlib; from pipeline.sandbox.server import run; run('127.0.0.1', int(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    server = subprocess.Popen([sys.executable, "-c", code, str(port), str(ledger)])
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    try:
        for _ in range(300):
            try:
                sandbox.effects()
                break
            except httpx.TransportError:
                assert server.poll() is None
                time.sleep(0.05)
        yield sandbox, server
    finally:
        server.kill()
        server.wait()


def publish(sandbox: Sandbox, title: str) -> int:
    answer = httpx.post(
        f"{sandbox.url}/wordpress/wp-json/wp/v2/posts",
        json={"title": title, "status": "publish"},
        auth=(EDITOR["username"], EDITOR["app_password"]),
    )
    return int(answer.json()["id"])


def test_a_killed_sandbox_comes_back_with_everything_that_it_answered_for(tmp_path: Path):
    ledger = tmp_path / "sandbox.sqlite"
    with process(ledger) as (sandbox, server):
        ids = [publish(sandbox, f"Post {number}") for number in range(20)]
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    with process(ledger) as (sandbox, _):
        assert [int(effect.external_id) for effect in sandbox.effects("wordpress")] == ids
        assert "Post 7" in httpx.get(f"{sandbox.url}/wordpress/post-7/").text
        assert publish(sandbox, "After") > max(ids)


def test_a_drop_after_the_effect_is_in_the_ledger_before_the_connection_closes(tmp_path: Path):
    ledger = tmp_path / "sandbox.sqlite"
    with process(ledger) as (sandbox, server):
        sandbox.fault("wordpress", "drop_after")
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            publish(sandbox, "Dropped")
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    assert [effect.title for effect in Ledger(ledger).effects()] == ["Dropped"]


def test_clearing_forgets_everything_but_never_gives_a_number_twice(sandbox: Sandbox):
    first = publish(sandbox, "Same")
    before = sandbox.effects()[0].id
    sandbox.fault("x", "delay")
    sandbox.clear()
    assert (sandbox.effects(), sandbox.faults()) == ([], [])
    assert httpx.get(f"{sandbox.url}/wordpress/same/").status_code == 404
    assert publish(sandbox, "Same") > first
    assert sandbox.effects()[0].id > before


def test_effects_are_told_by_platform_and_since_a_time(sandbox: Sandbox):
    publish(sandbox, "One")
    (one,) = sandbox.effects()
    assert one.request == "POST /wordpress/wp-json/wp/v2/posts"
    assert one.at.utcoffset() == timedelta()
    assert sandbox.effects("x") == []
    assert sandbox.effects(since=one.at) == [one]
    assert sandbox.effects(since=one.at + timedelta(milliseconds=1)) == []
    assert httpx.get(f"{sandbox.url}/sandbox/ledger?since=2026-01-01T00:00:00").status_code == 400


def test_an_effect_cannot_be_rewritten(tmp_path: Path):
    ledger = Ledger(tmp_path / "sandbox.sqlite")
    ledger.record(platform="x", kind="tweet_created", external_id="1", at=datetime.now(UTC), request="POST /2/tweets")
    with (
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
        sqlite3.connect(tmp_path / "sandbox.sqlite") as other,
    ):
        other.execute("update effects set external_id = '2'")


def test_a_ledger_that_is_told_is_kept_when_the_server_ends(tmp_path: Path):
    with running(tmp_path / "deep" / "sandbox.sqlite") as sandbox:
        publish(sandbox, "Kept")
    with running(tmp_path / "deep" / "sandbox.sqlite") as sandbox:
        assert [effect.title for effect in sandbox.effects()] == ["Kept"]
