"""What an adapter says to a stand-in and what it hears, written down in between."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl

from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.conftest import answering, reply


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `path` has no query, and the request's headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    headers: dict[str, str]
    said: bytes
    status: int
    heard: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.said) if self.said else None

    @property
    def answer(self) -> Any:
        return json.loads(self.heard) if self.heard else None


@contextmanager
def recording(sandbox: Sandbox) -> Iterator[tuple[str, list[Exchange]]]:
    """An address that passes everything on to the sandbox, and what was passed on so far."""
    exchanges: list[Exchange] = []

    def pass_on(request: Any) -> None:
        with closing(HTTPConnection(sandbox.url.removeprefix("http://"))) as connection:
            connection.request(request.command, request.path, request.said, dict(request.headers))
            answer = connection.getresponse()
            heard = answer.read()
        path, _, query = request.path.partition("?")
        kind = request.headers.get("content-type", "").partition(";")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        sent = (request.command, path, dict(parse_qsl(query)), kind, headers, request.said)
        exchanges.append(Exchange(*sent, answer.status, heard))
        passed_on = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        reply(request, answer.status, heard, **passed_on)

    with answering(pass_on) as url:
        yield url, exchanges
