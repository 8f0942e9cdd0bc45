"""HTTP with a deadline. The client's own time-outs are for each read and write alone.

A server that sends a byte of a header every few seconds keeps within those and holds its caller for ever. Here every
step on the network, from the connection to the last byte of the body, gets what is left of the time for all of them.
"""

import logging
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import httpcore
import httpx

# They tell whole addresses and headers, and some of those hold a token.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_PIECE: Final = 16 * 1024
"""A write waits as often as the other side's buffer is full: small pieces have the deadline looked at in between."""

_FAILURES: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class DeadlineTransport(httpx.BaseTransport):
    """A connection for each request, all of them over at `deadline`, a moment of time.monotonic().

    What is late raises httpx's ConnectTimeout, WriteTimeout or ReadTimeout, by what it was that took too long.
    `proxy` is the one to go through, None for a direct way.
    """

    def __init__(self, deadline: float, proxy: httpx.Proxy | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            proxy=None if proxy is None else httpcore.Proxy(str(proxy.url), proxy.raw_auth),
            max_keepalive_connections=0,
            network_backend=_Backend(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout, httpcore.ConnectTimeout)
        stream = self._system.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = _left(self._deadline, timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _left(deadline: float, timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float:
    """How long one step may take, in seconds."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise too_late("the time for the whole is up")
    return left if timeout is None else min(left, timeout)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """The two libraries name their failures alike."""
    try:
        yield
    except _FAILURES as error:
        named: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise named(str(error)) from error


@cache
def _tls() -> ssl.SSLContext:
    """Loading the certificates costs more than the rest of a client."""
    return httpx.create_ssl_context()
