"""Who a visitor is, without knowing who: one name for page views, clicks on short links and conversions.

By default an HMAC of address and browser under a salt that changes each day (UTC) and is forgotten soon after, the way
of https://plausible.io/data-policy#how-we-count-unique-users-without-cookies. Nobody, we included, can tell afterwards
whom it stands for, or that two days' visitors are one. Two readers behind one address with equal browsers are one
visitor. A reader who asks not to be tracked (Do Not Track, Global Privacy Control) is none.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.requests import Request

from pipeline.store.visitors import salt_of

_KEPT_ID: Final = re.compile(r"[a-z0-9]{16,40}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "testclient"})


def visitor_of(engine: sa.Engine, request: Request, at: datetime) -> str | None:
    """The visitor behind a request; None where it asks not to be tracked, or does not say from where it comes."""
    address = client_address(request)
    if address is None or objects(request.headers):
        return None
    return hashed(engine, address, request.headers.get("user-agent", ""), at)


def hashed(engine: sa.Engine, address: str, user_agent: str, at: datetime) -> str:
    """32 hexadecimal digits, of `at`'s day alone."""
    salt = _salt(engine, at.astimezone(UTC).date())
    return hmac.new(salt, f"{address}\n{user_agent}".encode(), hashlib.sha256).hexdigest()[:32]


def kept(identifier: str | None) -> str | None:
    """The visitor by an id that its browser keeps, where the site has readers remembered; None for any other text."""
    return f"id:{identifier}" if identifier and _KEPT_ID.fullmatch(identifier) else None


def objects(headers: Mapping[str, str]) -> bool:
    """Whether the reader asks not to be tracked (https://www.w3.org/TR/gpc/, https://www.w3.org/TR/tracking-dnt/)."""
    return headers.get("sec-gpc", "").strip() == "1" or headers.get("dnt", "").strip() == "1"


def client_address(request: Request) -> str | None:
    """Where the request comes from: what a proxy on this machine says, and nobody else's word."""
    peer = request.client.host if request.client else None
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if peer in _LOOPBACK and forwarded else peer


def referrer_host(address: str | None, own_host: str | None = None) -> str | None:
    """The host of the page that led here, in lower case and without `www.`; None where it is ours, or not told."""
    try:
        host = urlsplit(address or "").hostname
    except ValueError:
        return None
    host = bare_host(host)
    return None if host is None or host == bare_host(own_host) else host


def bare_host(host: str | None) -> str | None:
    """In lower case and without `www.`; None for none."""
    return host.lower().removeprefix("www.")[:253] if host else None


@lru_cache(maxsize=4)  # of the latest days alone: in a process that runs for months, what is forgotten has to go
def _salt(engine: sa.Engine, day: date) -> bytes:
    with engine.begin() as connection:
        return salt_of(connection, day)
