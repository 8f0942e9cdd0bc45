"""The one way out to a platform: time-outs, a cap on what is read, no redirects, no repeats, no secret in an error."""

import base64
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar

import httpx

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, classify_exception, classify_status, garbled, presentable

T = TypeVar("T")

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Many times the largest answer that a platform gives to anything we ask."""
_MAX_CONNECT_SECONDS: Final = 10.0
_MIN_SECRET: Final = 6
"""Shorter credentials (a data centre's name) are no secrets, and hiding them would garble messages."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, read whole."""

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
        seconds = account.timeout_seconds
        self._read_seconds = seconds
        self._timeout = httpx.Timeout(seconds, connect=min(_MAX_CONNECT_SECONDS, seconds))
        self._auth = auth
        self._secrets = _secret_forms(account, auth)

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Answer:
        """Send one request.

        Raises:
            CallError: anything but a whole 2xx came back.
        """
        try:
            with (
                _client(self._timeout, self._auth) as client,
                client.stream(method, url, params=params, headers=headers, content=content, json=json) as response,
            ):
                body = _read(response, deadline=time.monotonic() + self._read_seconds)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            # `from None`: an exception of the transport may quote the request's headers.
            raise CallError(presentable(classify_exception(error), self._secrets)) from None
        if not response.is_success:
            payload = _payload(body)
            refusal = classify_status(response.status_code, response.headers, payload, datetime.now(UTC))
            raise CallError(presentable(refusal, self._secrets), payload)
        if body is None:
            raise garbled("the answer is too large", response.status_code)
        return Answer(response.status_code, response.headers, body)


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


def _client(timeout: httpx.Timeout, auth: tuple[str, str] | None) -> httpx.Client:
    return httpx.Client(
        auth=auth,
        timeout=timeout,
        verify=_tls(),
        follow_redirects=False,
        headers={"User-Agent": "pressroom", "Connection": "close"},
    )


def _read(response: httpx.Response, *, deadline: float) -> bytes | None:
    """The body; None where it passes the cap, or breaks off after a status that says enough.

    The deadline stops a platform that sends a byte at a time.

    Raises:
        httpx.RequestError: the body of a 2xx broke off.
    """
    body = bytearray()
    try:
        for chunk in response.iter_bytes():  # as it comes: a chunk size would wait for one
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the body takes too long")
    except httpx.RequestError:
        if response.is_success:
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


@cache
def _tls() -> ssl.SSLContext:
    """Loading the certificates costs more than the rest of a client."""
    return httpx.create_ssl_context()
