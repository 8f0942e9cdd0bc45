"""The sandbox, forgetful between tests, and a tiny server for answers that no platform should give."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline_tests.platforms.rehearsal import SAMPLE, Platform, platform_of

Answering = Callable[[Any], None]
"""What to do with a request: a BaseHTTPRequestHandler whose `said` is the body."""


@pytest.fixture(scope="module")
def _served_sandbox() -> Iterator[Sandbox]:
    with running(processing=timedelta(seconds=0.2)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_served_sandbox: Sandbox) -> Sandbox:
    _served_sandbox.clear()
    return _served_sandbox


@pytest.fixture(scope="module")
def library() -> Iterator[str]:
    """The address under which the sample's files are served."""
    with serving(partial(SimpleHTTPRequestHandler, directory=str(SAMPLE))) as url:
        yield url


@pytest.fixture(params=stand_ins())
def platform(request: pytest.FixtureRequest, sandbox: Sandbox, library: str) -> Platform:
    """Each platform of the sandbox in turn."""
    return platform_of(request.param, sandbox, library)


@contextmanager
def answering(answer: Answering) -> Iterator[str]:
    """A server on loopback that treats every request alike; its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.said = self.rfile.read(int(self.headers.get("content-length", 0)))
            with suppress(BrokenPipeError, ConnectionResetError):  # the client has seen enough
                answer(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield url


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
