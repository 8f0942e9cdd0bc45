"""What a stand-in platform is made of: its routes, its ways to fail, and what a handler is given for one call."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from pipeline.sandbox.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a platform, inside the ledger's transaction.

    `processing` is how long what was uploaded takes until it can be used.
    """

    platform: str
    request: Request
    body: bytes
    ledger: Ledger
    now: datetime
    speed: float
    processing: timedelta

    def json(self) -> Any:
        """Raises: ValueError: the body isn't JSON."""
        return json.loads(self.body)

    def link(self, path: str) -> str:
        """The absolute address of a page of the sandbox."""
        return f"{str(self.request.base_url).rstrip('/')}{path}"

    def age(self, since: datetime) -> timedelta:
        """How long ago it was on the sandbox's clock, which may run faster than ours."""
        return max(self.now - since, timedelta()) * self.speed

    def record(
        self, kind: str, external_id: str, *, title: str | None = None, text: str | None = None, url: str | None = None
    ) -> None:
        self.ledger.record(
            platform=self.platform,
            kind=kind,
            external_id=external_id,
            at=self.now,
            request=f"{self.request.method} {self.request.url.path}",
            title=title,
            text=text,
            url=url,
        )


class Refusal(Exception):  # noqa: N818
    """The platform's answer when it won't do what was asked. What was written before stays."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route of a platform, below `/<name>`."""

    method: str
    path: str
    handler: Handler


def no_clockwork(ledger: Ledger, now: datetime) -> None:
    """For a platform where nothing happens without a request."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """One platform of the sandbox, served under `/<name>`.

    Attributes:
        title: the platform's name for people.
        api: where its API begins, below `/<name>`.
        failure: the platform's body for a status that no handler answered: no such route, or a fault asked for.
        rate_limited: the platform's 429, for a limit that ends in so many seconds.
        credentials: what lets an account in, under the keys that the platform's adapter uses.
        publish_config: the adapter's settings for that account, by the sandbox's address without a trailing slash.
        settle: bring about what its clock has made due (scheduled posts and sends).
    """

    name: str
    title: str
    api: str
    endpoints: Sequence[Endpoint]
    failure: Callable[[int], Response]
    rate_limited: Callable[[float], Response]
    credentials: Mapping[str, str]
    publish_config: Callable[[str], Mapping[str, Any]]
    settle: Callable[[Ledger, datetime], None] = no_clockwork


def mount(platform: StandIn) -> Mount:
    """The platform's routes, each handler in one transaction, after what fell due before the call has come about."""

    def respond_with(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            body = await request.body()
            state = request.app.state
            ledger: Ledger = state.ledger
            now = datetime.now(UTC)
            with ledger.transaction():
                platform.settle(ledger, now)
                try:
                    return handler(Call(platform.name, request, body, ledger, now, state.speed, state.processing))
                except Refusal as refusal:
                    return refusal.response

        return respond

    return Mount(
        f"/{platform.name}",
        routes=[Route(each.path, respond_with(each.handler), methods=[each.method]) for each in platform.endpoints],
    )
