"""A platform in a process of its own that writes down when each request reached it, and the adapter that speaks to it.

Its process is its own so that it notes an arrival when it comes, however busy the worker's interpreter is.
"""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import httpx

from bench.adapter import StandInAdapter
from pipeline.platforms.base import Account, Adapter
from pipeline.platforms.content import Content
from pipeline.platforms.http import Wire
from pipeline.store.accounts import AccountRow

_LATENCY_SECONDS = 0.05


class Arrivals:
    """The running platform: where it is, and what has reached it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, row: AccountRow) -> Adapter:
        return _PostingAdapter(Account(row.account_key, row.name, row.publish_config), self.url)

    def take(self) -> dict[str, list[float]]:
        """By distribution, the seconds since the epoch at which its requests came; forgotten afterwards."""
        told: dict[str, list[float]] = httpx.delete(self.url, timeout=30).json()
        return told


@contextmanager
def running() -> Iterator[Arrivals]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Arrivals(f"http://127.0.0.1:{ours.recv()}")
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection) -> None:
    asyncio.run(_listen(ready))


async def _listen(ready: Connection) -> None:
    arrived: dict[str, list[float]] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, path, length = head
            if method == "POST":
                arrived.setdefault(path.strip("/"), []).append(time.time())
            await reader.readexactly(length)
            body = b"ok"
            if method == "POST":
                await asyncio.sleep(_LATENCY_SECONDS)
            elif method == "DELETE":
                body = json.dumps(arrived).encode()
                arrived.clear()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1")
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, int] | None:
    """A request's method, path and content length; None where the client has gone."""
    try:
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    method, path, _ = first.split()
    return method, path, int(headers.get("content-length", 0))


class _PostingAdapter(StandInAdapter):
    """Speaks as the real adapters do: over a wire that opens a connection for each call."""

    def __init__(self, account: Account, url: str = "") -> None:
        super().__init__(account)
        self._url = url
        self._wire = Wire(account)

    def deliver(self, content: Content) -> None:
        self._wire.call("POST", f"{self._url}/{content.distribution_id}", json={"text": content.body})
