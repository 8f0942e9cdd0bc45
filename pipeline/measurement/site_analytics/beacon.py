"""What a script on our pages tells: that a page is shown, and when it is left, how long and how far it was read.

`pipeline/platforms/site/beacon.js` sends both by `sendBeacon`, as text, so that a browser asks no permission first. No
cookie is set and no answer is read. What comes is anybody's word: it counts only from a page of the site that it is
told of, at most once, and it never names a reader.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Annotated, Final
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pipeline.measurement.bodies import body_of
from pipeline.measurement.site_analytics import views
from pipeline.measurement.visitors import bare_host, client_address, hashed, kept, objects
from pipeline.store import page_views
from pipeline.store.accounts import UnknownAccountError
from pipeline.store.database import transaction
from pipeline.text.bots import is_bot, is_prefetch

log = structlog.get_logger(__name__)

_LARGEST: Final = 8 * 1024
"""Bytes: an address and a referrer of 2,000 characters each, twice over."""
_OPEN_FOR: Final = timedelta(days=1)
"""How long a page's leaving is waited for: a tab can stay open."""
_LONGEST_READ: Final = 6 * 60 * 60.0
"""Seconds: a page in sight for longer is one that somebody walked away from."""
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_SCRIPT_HEADERS: Final = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
_SITE_KEPT: Final = timedelta(minutes=1)
"""For how long a site's address is remembered before the database is asked again."""


class _Told(BaseModel):
    """What the script sends; its names are as short as it is."""

    model_config = ConfigDict(extra="ignore")

    key: Annotated[str, Field(alias="i", pattern=r"^[a-z0-9]{8,40}$")]
    address: Annotated[str, Field(alias="u", max_length=4000)]
    referrer: Annotated[str | None, Field(alias="r", max_length=4000)] = None
    reader: Annotated[str | None, Field(alias="v", max_length=100)] = None
    seconds: Annotated[float | None, Field(alias="s", ge=0, allow_inf_nan=False)] = None
    scroll: Annotated[float | None, Field(alias="d", ge=0, le=1)] = None


def script() -> bytes:
    """The script as it is served, here and beside the pages of a site."""
    return files("pipeline.platforms.site").joinpath("beacon.js").read_bytes()


def routes(engine: sa.Engine, clock: Callable[[], datetime]) -> list[Route]:
    """`POST /v/ACCOUNT` for what the script tells, `GET /b.js` for the script."""
    sites = _Sites(engine)

    async def told(request: Request) -> Response:
        body = await body_of(request, _LARGEST)
        return await run_in_threadpool(_take, engine, sites, request, body, clock())

    def give_script(_: Request) -> Response:
        return Response(script(), media_type="text/javascript", headers=_SCRIPT_HEADERS)

    return [Route("/v/{account}", told, methods=["POST"]), Route("/b.js", give_script, methods=["GET"])]


def _take(engine: sa.Engine, sites: "_Sites", request: Request, body: bytes | None, now: datetime) -> Response:
    """Keep it where it is a reader's. Whoever it is not of learns nothing: a refusal would tell what to change."""
    site = sites.find(request.path_params["account"], now)
    if site is None:
        return PlainTextResponse("Not Found", status_code=404, headers=_HEADERS)
    told = _parsed(body)
    if told is None:
        return PlainTextResponse("Bad Request", status_code=400, headers=_HEADERS)
    address = client_address(request)
    if address is not None and _is_reader(request) and _is_of(site, request, told):
        visitor = kept(told.reader) or hashed(engine, address, request.headers.get("user-agent", ""), now)
        try:
            _keep(engine, site, told, visitor, now)
        except sa.exc.DBAPIError:
            log.exception("page_view_not_kept", account=site.key)
            return PlainTextResponse("Service Unavailable", status_code=503, headers=_HEADERS)
    return Response(status_code=204, headers=_HEADERS)


def _keep(engine: sa.Engine, site: views.Site, told: _Told, visitor: str, now: datetime) -> None:
    """The page's leaving goes to the view that was told before; where that was lost, it tells of the view as well."""
    view_id, since = views.view_id(site, told.key), now - _OPEN_FOR
    with transaction(engine, "beacon") as connection:
        page_views.lock(connection, view_id)
        if not page_views.has(connection, view_id, since):
            page_views.ensure_partitions(connection, now, now)
            views.keep(connection, site, "beacon", [views.Seen(told.key, now, told.address, told.referrer, visitor)])
        if told.seconds is not None:
            page_views.note_reading(connection, view_id, since, min(told.seconds, _LONGEST_READ), told.scroll)


def _is_reader(request: Request) -> bool:
    headers = request.headers
    return not (objects(headers) or is_bot(headers.get("user-agent")) or is_prefetch(headers))


def _is_of(site: views.Site, request: Request, told: _Told) -> bool:
    """Whether a page of the site tells it, by the page's address and by the browser, which names the page's host."""
    host = bare_host(site.host)
    try:
        return host == bare_host(urlsplit(told.address).hostname) and (
            host == bare_host(urlsplit(request.headers.get("origin", "")).hostname)
        )
    except ValueError:
        return False


def _parsed(body: bytes | None) -> _Told | None:
    try:
        return None if body is None else _Told.model_validate(json.loads(body))
    except (ValidationError, ValueError, RecursionError):
        return None


class _Sites:
    """The sites by their accounts' keys, as they were a moment ago: every view asks for one."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[views.Site, datetime]] = {}

    def find(self, account_key: str, now: datetime) -> views.Site | None:
        known = self._known.get(account_key)
        if known is not None and known[1] > now:
            return known[0]
        try:
            with self._engine.connect() as connection:
                site = views.site_of(connection, account_key)
        except (UnknownAccountError, views.NotCountableError):
            self._known.pop(account_key, None)
            return None
        self._known[account_key] = (site, now + _SITE_KEPT)
        return site
