"""The world outside the engine, in a process of its own: the sandbox's platforms and the web server of the site.

Beside what they offer everybody, it tells how many requests it has not answered yet: what a killed worker has sent off
may still have its effect, and until it has, no time may pass.
"""

import multiprocessing
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.platforms.site import server as site_server
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.faults import DroppableConnection
from pipeline.sandbox.server import create_app
from pipeline_tests.platforms.rehearsal import SAMPLE
from pipeline_tests.torture.time_passes import wait_until

_PROCESSING = timedelta(seconds=0.2)
FORKS = multiprocessing.get_context("forkserver")
"""Processes are forked off a warm one in which everything is imported already."""
FORKS.set_forkserver_preload(["pipeline_tests.torture.worker"])


@dataclass(frozen=True, slots=True)
class Outside:
    sandbox_url: str
    site_url: str
    site_folder: Path

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.sandbox_url)

    def wait_until_idle(self) -> None:
        """Until every request that was ever sent has had its effect, or will have none."""
        wait_until(lambda: self._open_requests() == 0, "the sandbox has answered every request")

    def _open_requests(self) -> int:
        # Not by httpx, whose exchanges are a worker's fault points.
        with urlopen(f"{self.sandbox_url}/open-requests", timeout=30) as answer:
            return int(answer.read())


@contextmanager
def running(scratch: Path) -> Iterator[Outside]:
    """Serve until the end of the block; the ledger and the site's folder are in `scratch`."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_serve, args=(scratch, theirs), name="outside", daemon=True)
    process.start()
    theirs.close()
    sandbox_port, site_port = ours.recv()
    try:
        yield Outside(f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{site_port}", scratch / "site")
    finally:
        process.kill()
        process.join()


def _serve(scratch: Path, ready: Connection) -> None:
    sandbox, site = (socket.create_server(("127.0.0.1", 0), backlog=512) for _ in range(2))
    quiet: dict[str, Any] = {"log_level": "critical", "access_log": False, "ws": "none"}
    site_app = site_server.create_app(scratch / "site")
    shutil.copytree(SAMPLE, scratch / "site" / "media")
    serve_site = uvicorn.Server(uvicorn.Config(site_app, lifespan="off", **quiet)).run
    threading.Thread(target=serve_site, kwargs={"sockets": [site]}, daemon=True).start()
    ready.send((sandbox.getsockname()[1], site.getsockname()[1]))
    app = _Counted(create_app(scratch / "sandbox.sqlite", processing=_PROCESSING))
    uvicorn.Server(uvicorn.Config(app, http=DroppableConnection, **quiet)).run(sockets=[sandbox])


class _Counted:
    """Answers at /open-requests how many others are being worked on. Connections are taken in the order they came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/open-requests":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": str(self._open).encode()})
        else:
            self._open += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._open -= 1
