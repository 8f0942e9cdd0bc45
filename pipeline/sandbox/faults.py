"""Faults on request: the ways in which a network or a platform fails, before or after the effect.

A dropped connection is a closed TCP connection without an answer, as the client of a dying server sees it.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.sandbox.service import StandIn
from pipeline.sandbox.vocabulary import FaultKind


@dataclass(slots=True)
class Fault:
    """A fault for the next `count` requests to a platform whose path contains `path` and whose method is `method`."""

    id: int
    platform: str
    kind: FaultKind
    count: int = 1
    seconds: float | None = None
    status: int = 500
    path: str = ""
    method: str | None = None

    def concerns(self, platform: str, method: str, path: str) -> bool:
        return self.platform == platform and self.path in path and self.method in (None, method)


@dataclass(slots=True)
class Faults:
    """The faults still to come, in the order they were asked for. They live as long as the process."""

    waiting: list[Fault] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(
        self,
        platform: str,
        kind: FaultKind,
        *,
        count: int = 1,
        seconds: float | None = None,
        status: int = 500,
        path: str = "",
        method: str | None = None,
    ) -> Fault:
        fault = Fault(next(self._ids), platform, kind, count, seconds, status, path, method)
        self.waiting.append(fault)
        return fault

    def take(self, platform: str, method: str, path: str) -> Fault | None:
        """The first fault that concerns the request, one use of it spent."""
        for fault in self.waiting:
            if fault.concerns(platform, method, path):
                fault.count -= 1
                if fault.count == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()


class DroppableConnection(H11Protocol):
    """Hands the application a way to cut the client's connection, which ASGI has not: `scope["state"]["drop"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "drop": transport.abort}


class FaultMiddleware:
    """Carries out a waiting fault on the request it concerns."""

    def __init__(self, app: ASGIApp, *, faults: Faults, platforms: Mapping[str, StandIn]) -> None:
        self._app = app
        self._faults = faults
        self._platforms = platforms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        platform = self._platforms[fault.platform]
        match fault.kind:
            case FaultKind.DELAY:
                received = await _whole(receive)
                await asyncio.sleep(1.0 if fault.seconds is None else fault.seconds)
                await self._app(scope, received, send)
            case FaultKind.DROP_BEFORE:
                await _drop(scope, receive)
            case FaultKind.DROP_AFTER:
                await self._app(scope, receive, _discard)
                await _drop(scope, receive)
            case FaultKind.RATE_LIMIT:
                seconds = 60.0 if fault.seconds is None else fault.seconds
                await platform.rate_limited(seconds)(scope, receive, send)
            case FaultKind.SERVER_ERROR:
                await platform.failure(fault.status)(scope, receive, send)
            case FaultKind.SERVER_ERROR_AFTER:
                await self._app(scope, receive, _discard)
                await platform.failure(fault.status)(scope, receive, send)
            case FaultKind.GARBAGE:
                await self._app(scope, receive, _discard)
                await PlainTextResponse("<!-- half an answer", media_type="text/html")(scope, receive, send)
            case FaultKind.UNAVAILABLE:
                await platform.failure(503)(scope, receive, send)

    def _fault(self, scope: Scope) -> Fault | None:
        if scope["type"] != "http":
            return None
        request = Request(scope)
        platform = request.url.path.strip("/").partition("/")[0]
        stand_in = self._platforms.get(platform)
        if stand_in is None or not request.url.path.startswith(f"/{platform}{stand_in.api}"):
            return None
        return self._faults.take(platform, request.method, request.url.path)


async def _whole(receive: Receive) -> Receive:
    """The request, read before its client can give up and go: what has arrived takes effect, however late."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


async def _discard(message: Message) -> None:
    """In place of `send`: the answer is lost."""


async def _drop(scope: Scope, receive: Receive) -> None:
    drop: Callable[[], None] = scope["state"]["drop"]
    drop()
    while (await receive())["type"] != "http.disconnect":
        pass
