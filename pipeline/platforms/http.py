"""The one way out to a platform: time-outs, a cap on what is read, no redirects, no repeats, no secret in an error."""

import base64
import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, Refusal, classify_exception, classify_status, garbled, presentable
from pipeline.platforms.transport import DeadlineTransport

T = TypeVar("T")

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Many times the largest answer that a platform gives to anything we ask."""
_MAX_CONNECT_SECONDS: Final = 10.0
_SLOWEST_UPLOAD: Final = 128 * 1024
"""Bytes a second: what a body may take on top of the account's time-out."""
_MIN_SECRET: Final = 6
"""Shorter credentials (a data centre's name) are no secrets, and hiding them would garble messages."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, or another status that the caller counts as an answer; read whole."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """Raises: CallError: it is not JSON, and nobody knows what the platform did."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise garbled("the answer is not JSON", self.status) from None


class Wire:
    """HTTP for one account. Safe to use from several threads.

    Each call has a connection of its own: a kept one may be closed by the platform just as the next call is sent, and
    that would be one more outcome nobody knows.
    """

    def __init__(self, account: Account, auth: tuple[str, str] | None = None) -> None:
        self._seconds = account.timeout_seconds
        self._auth = auth
        self._secrets = _secret_forms(account, auth)

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | Iterable[bytes] | None = None,
        size: int | None = None,
        json: Any = None,
        statuses: Collection[int] = (),
        send_credentials: bool = True,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """Send one request, and read its answer within the account's time-out and what a body needs to be sent.

        A `content` that comes in pieces is sent as they come and needs its `size` in bytes: upload hosts refuse a
        body of unknown length. What its iterator raises passes through. `statuses` are answers besides 2xx.
        `max_bytes` is how large an answer may be, for one that brings back what we wrote. `send_credentials=False`
        leaves the wire's `auth` out, for a pre-signed address on somebody else's host.

        Raises:
            CallError: anything but a whole 2xx, or one of `statuses`, came back.
        """
        if isinstance(content, bytes):
            size = len(content)
        elif content is not None:
            assert size is not None, "a body in pieces needs its size"
            headers = {**(headers or {}), "Content-Length": str(size)}
            content = _measured(content, size)
        try:
            with (
                self._client(url, size or 0, self._auth if send_credentials else None) as client,
                client.stream(method, url, params=params, headers=headers, content=content, json=json) as response,
            ):
                answered = response.is_success or response.status_code in statuses
                body = _read(response, max_bytes, whole=answered)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            # `from None`: an exception of the transport may quote the request's headers.
            raise self.refused(classify_exception(error)) from None
        if not answered:
            payload = _payload(body)
            refusal = classify_status(response.status_code, response.headers, payload, datetime.now(UTC))
            raise self.refused(refusal, payload)
        if body is None:
            raise garbled("the answer is too large", response.status_code)
        return Answer(response.status_code, response.headers, body)

    def refused(self, outcome: Refusal, payload: Any = None) -> CallError:
        """The failure of a call, as it was or as an adapter reads it, with no secret of the account in its words."""
        return CallError(presentable(outcome, self._secrets), payload)

    def _client(self, url: str, size: int, auth: tuple[str, str] | None) -> httpx.Client:
        deadline = time.monotonic() + self._seconds + size / _SLOWEST_UPLOAD
        return httpx.Client(
            transport=DeadlineTransport(deadline, _proxy_for(httpx.URL(url))),
            auth=auth,
            timeout=httpx.Timeout(self._seconds, connect=min(_MAX_CONNECT_SECONDS, self._seconds)),
            follow_redirects=False,
            headers={"User-Agent": "pressroom", "Connection": "close"},
        )


def as_object(value: Any) -> dict[str, Any]:
    """Raises: CallError: the answer is not a JSON object."""
    if not isinstance(value, dict):
        raise garbled("the answer is not an object")
    return value


def as_list(value: Any) -> list[dict[str, Any]]:
    """Raises: CallError: the answer is not a JSON array of objects."""
    if not isinstance(value, list):
        raise garbled("the answer is not a list")
    return [as_object(each) for each in value]


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _measured(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Raises: CallError: they are not `size` bytes, and what the platform makes of that is open."""
    left = size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise garbled(f"the body is not of the {size:,} bytes that were announced")


def _proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """The one that this machine says is the way out."""
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if not found or proxy_bypass(url.host):
        return None
    return httpx.Proxy(found if "://" in found else f"http://{found}")


def _read(response: httpx.Response, max_bytes: int, *, whole: bool) -> bytes | None:
    """The body; None where it passes the cap, or breaks off and need not be `whole`: the status says enough.

    Raises:
        httpx.RequestError: the body broke off.
    """
    body = bytearray()
    try:
        for chunk in response.iter_bytes():  # as it comes: a chunk size would wait for one
            body += chunk
            if len(body) > max_bytes:
                return None
    except httpx.RequestError:
        if whole:
            raise
        return None
    return bytes(body)


def _payload(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        return None


def _secret_forms(account: Account, auth: tuple[str, str] | None) -> list[str]:
    """Every form in which a platform may say a secret back to us, the longest first."""
    forms = {secret for secret in account.credentials.values() if len(secret) >= _MIN_SECRET}
    if auth is not None:
        forms.add(base64.b64encode(":".join(auth).encode()).decode())
    return sorted(forms, key=len, reverse=True)
