"""`pressroom up` as a newcomer meets it: every process real, from an empty folder, through a kill -9 of everything."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from pipeline.platforms.registry import adapter_class
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.registry import stand_ins
from pipeline.settings import PROJECT_ROOT
from pipeline.store import embedded
from pipeline_tests.platforms.rehearsal import rehearsal_of

_PRESSROOM = str(Path(sys.executable).parent / "pressroom")
_PATIENCE_SECONDS = 150


class Installation:
    """A home of its own, on ports of its own, with the terminal's output in a file."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.terminal = home / "terminal.txt"
        names = ("WEB", "SITE", "SANDBOX", "CODE", "FEED", "COLLECT")
        self.ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DAGSTER_HOME")},
            **{f"PRESSROOM_{name}_PORT": str(port) for name, port in self.ports.items()},
            "PRESSROOM_HOME": str(home),
            "PRESSROOM_USER": "ada@example.com",
        }
        self.sandbox = Sandbox(f"http://127.0.0.1:{self.ports['SANDBOX']}")

    def up(self) -> "subprocess.Popen[bytes]":
        with self.terminal.open("ab") as terminal:
            return subprocess.Popen(
                [_PRESSROOM, "up"], cwd=PROJECT_ROOT, env=self.environment, stdout=terminal, stderr=terminal
            )

    def pressroom(self, *arguments: str) -> str:
        result = subprocess.run(
            [_PRESSROOM, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def told(self, pattern: str, count: int = 1) -> list[str]:
        """What the terminal says of it, as soon as it has said it so many times."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(found := re.findall(pattern, self.terminal.read_text())) < count:
            assert time.monotonic() < deadline, self.terminal.read_text()
            time.sleep(0.2)
        return found

    def processes(self) -> list[psutil.Process]:
        """Everything that serves this home, the database included."""
        return [process for process in psutil.process_iter() if str(self.home) in _said_by(process)]

    def kill(self) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _said_by(process: psutil.Process) -> str:
    """Its command and home; nothing of one that is gone, or only waits to be collected by its parent."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join([*process.cmdline(), process.environ().get("PRESSROOM_HOME", "")])
    except psutil.Error:  # it may end between any two of these questions
        return ""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture
def installation():
    home = Path(tempfile.mkdtemp(prefix="pressroom-", dir="/tmp"))  # short, so that the database's socket fits
    installation = Installation(home)
    yield installation
    installation.kill()
    embedded.stop(home / "postgres")
    shutil.rmtree(home, ignore_errors=True)


def test_one_command_publishes_what_is_approved_goes_on_after_a_kill_9_and_leaves_nothing_running(installation):
    installation.up()
    posts = installation.told(r"review     (\S+)", count=4)
    installation.pressroom("users", "add", "Ada Lovelace", "ada@example.com", "--role", "reviewer")
    installation.pressroom("review", "approve", posts[0], "--checked", "all")
    take_text = [name for name in stand_ins() if not adapter_class(name).capabilities.needs]
    everywhere = {"site", *(f"{name}-sandbox" for name in take_text)}
    addresses = dict(installation.told(r"published  (\S+)  .*  (http\S+)", count=len(everywhere)))
    assert addresses.keys() == everywhere
    for address in addresses.values():
        assert httpx.get(address).status_code == 200
    feed = installation.pressroom("calendar", "feed").split()[0]
    assert httpx.get(feed).text.count("BEGIN:VEVENT") == len(everywhere)
    assert httpx.get(f"http://127.0.0.1:{installation.ports['COLLECT']}/r/abcdef").text == "Not Found"
    assert feed.split("/")[-2] not in (installation.home / "logs" / "feed.log").read_text()

    installation.kill()
    deadline = time.monotonic() + 20
    while installation.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert installation.processes() == []

    supervisor = installation.up()
    installation.told("Up. Ctrl-C ends all of it", count=2)
    assert installation.pressroom("distributions", posts[0]).count("published") == len(everywhere)
    installation.pressroom("review", "approve", posts[1], "--checked", "all")
    installation.told(r"published  (\S+)  ", count=2 * len(everywhere))
    effects = Counter((effect.platform, effect.kind) for effect in installation.sandbox.effects())
    assert {name: effects[name, rehearsal_of(name).effect] for name in take_text} == dict.fromkeys(take_text, 2)

    assert "Nothing is stuck" in installation.pressroom("watch", "--once")
    services = psutil.Process(supervisor.pid).children()
    for service in services:
        service.kill()
    for name in ("sandbox", "site", "feed", "collector", "dagster-code", "dagster-web", "dagster-daemon", "watchdog"):
        installation.told(rf"{name} ended \(signal SIGKILL\); starting it again")
    assert len(services) == 8
    installation.pressroom("review", "approve", posts[2], "--checked", "all")
    installation.told(r"published  (\S+)  ", count=12)

    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(90) == 0
    assert installation.processes() == []
    assert not embedded.is_running(installation.home / "postgres")
