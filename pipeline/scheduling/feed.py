"""The calendar as a feed that calendar programs subscribe to: one address, with a secret in it, to be read only.

Whoever knows the address sees the titles and times of what is to come; nothing else is served. The secret is read
anew for each request, so that a new one counts at once. Every other address is not found, and there is no log of
requests, which would hold the secret.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pipeline.scheduling.ical import CONTENT_TYPE, to_ical
from pipeline.store.calendar_view import Entry, entries, feed_token

PAST: Final = timedelta(days=28)
"""How long what has gone out stays in the feed."""

_HEADERS: Final = {
    "cache-control": "private, no-cache",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def path(token: str) -> str:
    return f"/{token}/calendar.ics"


def create_app(engine: sa.Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Starlette:
    """The feed of a database's calendar, as of `clock`."""
    calendar = _Calendar()

    def feed(request: Request) -> Response:
        now = clock()
        with engine.connect() as connection:
            token = feed_token(connection)
            if token is None or not secrets.compare_digest(token.encode(), request.path_params["token"].encode()):
                return PlainTextResponse("Not Found", status_code=404)
            found = entries(connection, begins=now - PAST)
        state = calendar.as_of(found, now)
        headers = {**_HEADERS, "etag": state.etag}
        # Of two states within one second the later would never be asked for, so the first has no date yet.
        if state.since < now.replace(microsecond=0):
            headers["last-modified"] = format_datetime(state.since, usegmt=True)
        if _has(request.headers, state):
            return Response(status_code=304, headers=headers)
        return Response(state.body, media_type=CONTENT_TYPE, headers=headers)

    app = Starlette(routes=[Route(path("{token}"), feed, methods=["GET"])])
    app.router.redirect_slashes = False
    return app


def run(engine: sa.Engine, *, host: str = "127.0.0.1", port: int) -> None:
    """Serve until interrupted."""
    uvicorn.run(create_app(engine), host=host, port=port, log_level="warning", access_log=False, server_header=False)


@dataclass(frozen=True, slots=True)
class _State:
    """What the feed says, and since when, to the second, this process has seen it say so."""

    entries: Sequence[Entry]
    body: bytes
    etag: str
    since: datetime


class _Calendar:
    """The latest state. The database could not tell since when it is so: what was cancelled leaves no trace among what
    is left, and transactions end in another order than they begin in.
    """

    def __init__(self) -> None:
        self._state: _State | None = None
        self._lock = threading.Lock()

    def as_of(self, found: Sequence[Entry], now: datetime) -> _State:
        with self._lock:
            if self._state is None or self._state.entries != found:
                body = to_ical(found)
                etag = f'"{hashlib.sha256(body).hexdigest()}"'
                self._state = _State(found, body, etag, now.replace(microsecond=0))
            return self._state


def _has(asked: Headers, state: _State) -> bool:
    """Whether the client has this state already (RFC 9110 §13.1: the date counts only where no tag is named)."""
    tags = asked.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or state.etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and state.since <= since
