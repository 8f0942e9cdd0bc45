"""OAuth 1.0a request signatures (RFC 5849, HMAC-SHA1), as X checks them."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from pipeline.sandbox.service import Call
from pipeline.sandbox.x.credentials import READ_ONLY, USER

_CLOCK_SKEW_SECONDS: Final = 300


def signed(call: Call) -> str | None:
    """The access token of a call that carries a fresh signature made with the sandbox's secrets; None for any other.

    A client signs the address it believes to call. That is X's own host when a transport below the client brings
    the request here, else the sandbox's.
    """
    given = _authorization(call.request.headers.get("authorization", ""))
    if (
        given.get("oauth_consumer_key") != USER["api_key"]
        or given.get("oauth_token") not in (USER["access_token"], READ_ONLY["access_token"])
        or given.get("oauth_signature_method") != "HMAC-SHA1"
        or not _fresh(given.get("oauth_timestamp", ""), call.now)
    ):
        return None
    path = call.request.url.path
    below = path.removeprefix(f"/{call.platform}")
    addresses = (f"https://api.twitter.com{below}", f"https://api.x.com{below}", call.link(path))
    parameters = [
        *((name, value) for name, value in given.items() if name not in ("oauth_signature", "realm")),
        *parse_qsl(call.request.url.query, keep_blank_values=True),
        *_form(call),
    ]
    genuine = any(
        hmac.compare_digest(
            given.get("oauth_signature", "").encode(), _signature(call.request.method, address, parameters)
        )
        for address in addresses
    )
    return given["oauth_token"] if genuine else None


def _authorization(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}


def _fresh(timestamp: str, now: datetime) -> bool:
    return timestamp.isdecimal() and abs(now.timestamp() - int(timestamp)) <= _CLOCK_SKEW_SECONDS


def _form(call: Call) -> list[tuple[str, str]]:
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return []
    return parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True)


def _signature(method: str, address: str, parameters: Iterable[tuple[str, str]]) -> bytes:
    encoded = sorted((_encode(name), _encode(value)) for name, value in parameters)
    base = "&".join((method.upper(), _encode(address), _encode("&".join(f"{name}={value}" for name, value in encoded))))
    key = f"{_encode(USER['api_secret'])}&{_encode(USER['access_secret'])}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest())


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
