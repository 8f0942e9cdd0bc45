"""The outside world told of our publications: webhooks, search engines by IndexNow, feed readers by WebSub.

Each maker returns the handler of one topic of the outbox. What a receiver answers is judged here, once for all three;
no redirect is followed, and little of an answer is read.
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from pydantic import SecretStr

from pipeline.distribution.relay import DeliveryError, Handler
from pipeline.store import announcements
from pipeline.text import signing

if TYPE_CHECKING:
    import ssl

    import httpx

_TIMEOUT_SECONDS: Final = 20.0
_MAX_ANSWER_BYTES: Final = 2_000
_MAX_QUOTED: Final = 200

_GONE: Final = {410: "the receiver wants no more of these"}
_INDEXNOW_REFUSALS: Final = {
    400: "the request's format is not valid",
    403: "the key is not valid: its file can't be read at the address given, or holds another key",
    422: "the page is not of this host, or the key is not of the protocol's form",
}
"""Source: https://www.indexnow.org/documentation, "Response format"."""
_WEBSUB_REFUSALS: Final = dict.fromkeys((400, 401, 403, 404, 405, 410, 415, 422), "the hub does not take this feed")


def webhook(engine: sa.Engine, secret: SecretStr | None) -> Handler:
    """Posts an event to its account's webhook as it is set then, signed where there is a secret.

    Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): `webhook-id` is the idempotency key, the same at each
    try; `webhook-timestamp` is the try's.
    """

    def deliver(idempotency_key: str, payload: Mapping[str, Any]) -> None:
        with engine.connect() as connection:
            url = announcements.webhook_url(connection, payload["account"])
        if url is None:
            raise DeliveryError("the account has no webhook any more", permanent=True)
        body = _json({name: payload[name] for name in ("type", "timestamp", "data")})
        moment = str(int(time.time()))
        headers = {"Content-Type": "application/json", "webhook-id": idempotency_key, "webhook-timestamp": moment}
        if secret is not None:
            headers["webhook-signature"] = _signature(secret, idempotency_key, moment, body)
        _post(url, headers, body).expect_success(refusals=_GONE)

    return deliver


def indexnow(endpoint: str, key: str | None) -> Handler:
    """Tells the search engines that take part of a new page. The site serves the key's file (see `platforms.site`)."""

    def deliver(_idempotency_key: str, payload: Mapping[str, Any]) -> None:
        if key is None:
            raise DeliveryError("PRESSROOM_INDEXNOW_KEY is not set any more", permanent=True)
        submission = {
            "host": urlsplit(payload["url"]).hostname,
            "key": key,
            "keyLocation": f"{payload['base_url']}/{key}.txt",
            "urlList": [payload["url"]],
        }
        headers = {"Content-Type": "application/json; charset=utf-8"}
        _post(endpoint, headers, _json(submission)).expect_success(refusals=_INDEXNOW_REFUSALS)

    return deliver


def websub(hub: str | None) -> Handler:
    """Tells the hub that a site's feed has changed.

    The WebSub recommendation leaves this request to publisher and hub; the hubs take that of its forerunner,
    PubSubHubbub 0.3 (7.1).
    """

    def deliver(_idempotency_key: str, payload: Mapping[str, Any]) -> None:
        from pipeline.platforms.site.feed import PATH

        if hub is None:
            raise DeliveryError("PRESSROOM_WEBSUB_HUB is not set any more", permanent=True)
        form = urlencode({"hub.mode": "publish", "hub.url": f"{payload['base_url']}/{PATH}"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _post(hub, headers, form).expect_success(refusals=_WEBSUB_REFUSALS)

    return deliver


def _signature(secret: SecretStr, identifier: str, moment: str, body: bytes) -> str:
    try:
        key = signing.key_in(secret.get_secret_value())
    except ValueError as error:
        # `from None`, and the secret is not shown: a person mends the setting, and the next try finds it.
        raise DeliveryError(f"PRESSROOM_WEBHOOK_SECRET {error}") from None
    return f"v1,{base64.b64encode(signing.digest(key, identifier, moment, body)).decode()}"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class _Answer:
    host: str
    status: int
    headers: Mapping[str, str]
    text: str

    def expect_success(self, *, refusals: Mapping[int, str]) -> None:
        """Raises: DeliveryError: it is not a 2xx; permanently where its status is among the refusals."""
        from pipeline.platforms.limits import retry_time

        if 200 <= self.status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
            return
        words = [f"{self.host} answered {self.status}"]
        if self.status in refusals:
            words.append(refusals[self.status])
        elif 300 <= self.status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            words.append("a redirect, which is not followed: set the new address")
        if self.text:
            words.append(f"it said {self.text!r}")
        raise DeliveryError(
            "; ".join(words),
            permanent=self.status in refusals,
            retry_at=retry_time(self.headers, datetime.now(UTC)),
        )


def _post(url: str, headers: Mapping[str, str], body: bytes) -> _Answer:
    """Raises: DeliveryError: no answer came."""
    import httpx

    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise DeliveryError("its address can't be read") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise DeliveryError("its address is not an http or https URL")
    host = target.netloc.decode("ascii")  # of the address, which may hold a token, only this is shown
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, verify=_tls(), follow_redirects=False) as client,
            client.stream("POST", target, headers={"User-Agent": "pressroom", **headers}, content=body) as response,
        ):
            return _Answer(host, response.status_code, response.headers, _opening(response))
    except httpx.TimeoutException:
        raise DeliveryError(f"{host} did not answer within {_TIMEOUT_SECONDS:g} s") from None
    except (httpx.RequestError, UnicodeError) as error:  # the latter for a host that is no name
        raise DeliveryError(f"{host} can't be reached ({type(error).__name__})") from None


def _opening(response: "httpx.Response") -> str:
    """How an answer's body begins, on one line; of a success nothing is read, and of a failure not what is broken."""
    import httpx

    if response.is_success:
        return ""
    body = b""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= _MAX_ANSWER_BYTES or time.monotonic() > deadline:
                break
    except httpx.RequestError:
        pass
    text = body[:_MAX_ANSWER_BYTES].decode(errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_MAX_QUOTED]


@cache
def _tls() -> "ssl.SSLContext":
    import httpx

    return httpx.create_ssl_context()
