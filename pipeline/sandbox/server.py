"""The sandbox as one ASGI application, and the ways to serve it: in the foreground, or in a thread for tests."""

import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.sandbox import analytics, console
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.faults import DroppableConnection, FaultMiddleware, Faults
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.service import StandIn, mount

_PROCESSING: Final = timedelta(seconds=2)
LABEL = "Not the real platform; nothing leaves this machine."


def create_app(ledger_path: Path, *, speed: float = 1.0, processing: timedelta = _PROCESSING) -> Starlette:
    """The sandbox over the ledger in a file, which is made where it isn't there.

    `speed` is how many times faster than ours its clock runs where figures grow with age; its time stamps, schedules
    and rate limits keep ours. `processing` is how long an upload that a platform works on takes until it can be used.
    """
    platforms = {**stand_ins(), **analytics.STAND_INS}
    faults = Faults()
    ledger = Ledger(ledger_path)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        ledger.close()

    app = Starlette(
        routes=[*console.routes(), *(mount(platform) for platform in platforms.values())],
        middleware=[Middleware(_Label), Middleware(FaultMiddleware, faults=faults, platforms=platforms)],
        exception_handlers={HTTPException: _no_route},
        lifespan=lifespan,
    )
    app.state.ledger = ledger
    app.state.faults = faults
    app.state.platforms = platforms
    app.state.speed = speed
    app.state.processing = processing
    return app


def run(host: str, port: int, ledger_path: Path, speed: float = 1.0) -> None:
    """Serve until SIGINT or SIGTERM, which is raised again afterwards.

    Raises:
        OSError: the port is taken.
    """
    with socket.create_server((host, port)) as listener:
        uvicorn.Server(_config(create_app(ledger_path, speed=speed))).run(sockets=[listener])


@contextmanager
def running(
    ledger_path: Path | None = None, port: int = 0, *, speed: float = 1.0, processing: timedelta = _PROCESSING
) -> Iterator[Sandbox]:
    """A sandbox served in a thread, on a free port unless told; without a ledger's path it forgets everything.

    Raises:
        OSError: the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="pressroom-sandbox-") as scratch:
        app = create_app(ledger_path or Path(scratch) / "sandbox.sqlite", speed=speed, processing=processing)
        with socket.create_server(("127.0.0.1", port)) as listener:
            server = _Server(_config(app))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
            thread.start()
            server.ready.wait()
            try:
                yield Sandbox(f"http://127.0.0.1:{listener.getsockname()[1]}")
            finally:
                server.should_exit = True
                thread.join()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=DroppableConnection,
        ws="none",
        lifespan="on",
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,  # a delayed answer doesn't hold the process
    )


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class _Label:
    """Says on every answer that this is the sandbox."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Server"] = "pressroom-sandbox"
                headers["X-Pressroom-Sandbox"] = LABEL
            await send(message)

        await self._app(scope, receive, labelled)


async def _no_route(request: Request, error: Exception) -> Response:
    """An unknown route in the words of the platform it was asked of."""
    assert isinstance(error, HTTPException)
    platform: StandIn | None = request.app.state.platforms.get(request.url.path.strip("/").partition("/")[0])
    if platform is not None and request.url.path.startswith(f"/{platform.name}{platform.api}"):
        return platform.failure(error.status_code)
    return PlainTextResponse(f"{error.detail} — Pressroom sandbox. {LABEL}", error.status_code)
