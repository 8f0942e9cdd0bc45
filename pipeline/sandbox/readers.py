"""Readers for rehearsing: they follow links in what was published here, read the pages, and a few buy.

All of it over HTTP, as browsers and shops do it, and to this machine alone. A page's script does not run here; what it
would tell is told in its place.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import UUID

import httpx
import lxml.html

from pipeline.sandbox.ledger import Effect

_LINK: Final = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?/[^\s\"'<>()\[\]]*[\w/]")
_OURS: Final = frozenset({"127.0.0.1", "localhost"})
_BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile "
        "Safari/537.36"
    ),
)
_HOPS: Final = 3
_PRICES: Final = ("4.90", "9.00", "19.90", "49.00")
"""US dollars."""


class ReadersError(Exception):
    """No reader can come; the message says what to do."""


@dataclass(slots=True)
class Visits:
    """How many readers saw a page, how many of them a page that counts its readers, and how many bought something."""

    came: int = 0
    counted: int = 0
    bought: int = 0


def send(
    effects: Sequence[Effect], *, count: int, buying: float, secret: str | None = None, seed: int | None = None
) -> Visits:
    """Let so many readers follow links in these publications, each a link; `buying` is the share of them that buys.

    Without the secret that shops sign by (`whsec_…`) nobody buys. The same seed has the same readers do the same.

    Raises:
        ReadersError: no publication links to a page on this machine, or what is asked does not answer.
    """
    links = [link for effect in effects for link in _LINK.findall(effect.text or "")]
    if not links:
        raise ReadersError("Nothing that was published here links to a page on this machine. Approve a post first.")
    random, visits = Random(seed), Visits()  # noqa: S311 - a rehearsal, no secret
    with httpx.Client(timeout=10, trust_env=False) as client:
        for _ in range(count):
            try:
                _visit(client, random, random.choice(links), visits, secret if random.random() < buying else None)
            except httpx.TransportError as error:
                raise ReadersError(f"{error.request.url} does not answer; is `pressroom up` at work?") from None
    return visits


def _visit(client: httpx.Client, random: Random, link: str, visits: Visits, secret: str | None) -> None:
    reader = {
        "user-agent": random.choice(_BROWSERS),
        # Of the range for tests of networks (RFC 2544): no reader's.
        "x-forwarded-for": f"198.{random.choice((18, 19))}.{random.randrange(256)}.{random.randrange(1, 255)}",
    }
    page = _followed(client, link, reader)
    if page is None:
        return
    visits.came += 1
    script = lxml.html.fromstring(page.text).find(".//script[@data-to]")
    to = "" if script is None else str(script.get("data-to"))
    if urlsplit(to).hostname not in _OURS:
        return
    _read(client, random, str(page.url), to, reader)
    visits.counted += 1
    code = parse_qs(page.url.query.decode()).get("utm_content", [None])[0]
    if secret is not None and code is not None:
        _buy(client, random, urljoin(to, "/conversions"), code, secret)
        visits.bought += 1


def _followed(client: httpx.Client, link: str, reader: dict[str, str]) -> httpx.Response | None:
    """The page that a link leads to; None where it leads to none, or away from this machine."""
    for _ in range(_HOPS):
        answer = client.get(link, headers=reader)
        if not answer.has_redirect_location:
            is_page = answer.headers.get("content-type", "").startswith("text/html")
            return answer if answer.is_success and is_page else None
        link = urljoin(link, answer.headers["location"])
        if urlsplit(link).hostname not in _OURS:
            return None
    return None


def _read(client: httpx.Client, random: Random, page: str, to: str, reader: dict[str, str]) -> None:
    """Most leave soon, a few stay for minutes: reading times are about log-normal."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page))
    told: dict[str, Any] = {"i": f"{random.getrandbits(60):015x}", "u": page, "r": ""}
    left = {"s": round(min(random.lognormvariate(3.5, 1.0), 1800), 1), "d": round(random.betavariate(2, 1.5), 3)}
    for each in (told, told | left):
        client.post(to, content=json.dumps(each), headers={**reader, "origin": origin}).raise_for_status()


def _buy(client: httpx.Client, random: Random, to: str, code: str, secret: str) -> None:
    """As a shop tells it, signed (https://www.standardwebhooks.com)."""
    now = datetime.now(UTC)
    order = UUID(int=random.getrandbits(128), version=4)
    sale = {"source": "sandbox-shop", "id": str(order), "occurred_at": now.isoformat(), "code": code}
    price = {"value": random.choice(_PRICES), "currency": "USD"}
    body = json.dumps({"type": "conversion", "timestamp": now.isoformat(), "data": {**sale, **price}})
    moment = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{order}.{moment}.{body}".encode(), hashlib.sha256)
    signed = {"webhook-id": str(order), "webhook-timestamp": moment}
    signed["webhook-signature"] = f"v1,{base64.b64encode(signature).decode()}"
    answer = client.post(to, content=body, headers=signed)
    if answer.is_error:
        raise ReadersError(f"The sale was not taken: {answer.text}")
