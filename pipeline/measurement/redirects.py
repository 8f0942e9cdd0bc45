"""Short links: `/r/CODE` leads to where the code was made for, and to nowhere else.

Where a code leads stands in the database and in no part of the request, so that nobody can be led astray by an
address of ours. Each answer is asked for anew: a kept one would hide a reader's next click.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pipeline.measurement.visitors import referrer_host, visitor_of
from pipeline.store import short_links
from pipeline.store.database import transaction
from pipeline.text.bots import is_bot, is_prefetch

log = structlog.get_logger(__name__)

_CODE: Final = re.compile(r"[0-9a-z]{6,32}")
_HEADERS: Final = {"cache-control": "no-store", "x-robots-tag": "noindex", "x-content-type-options": "nosniff"}


def routes(engine: sa.Engine, clock: Callable[[], datetime]) -> list[Route]:
    def follow(request: Request) -> Response:
        code = request.path_params["code"]
        target = None
        if _CODE.fullmatch(code):
            with engine.connect() as connection:
                target = short_links.target_of(connection, code)
        if target is None:
            return PlainTextResponse("Not Found", status_code=404, headers=_HEADERS)
        if is_reader(request):
            _count(engine, code, request, clock())
        return RedirectResponse(target, status_code=302, headers=_HEADERS)

    return [Route("/r/{code}", follow, methods=["GET"])]


def is_reader(request: Request) -> bool:
    """Whether a person seems to follow the link: no program, no preview, nothing fetched ahead of time."""
    return (
        request.method == "GET" and not is_bot(request.headers.get("user-agent")) and not is_prefetch(request.headers)
    )


def _count(engine: sa.Engine, code: str, request: Request, at: datetime) -> None:
    host = referrer_host(request.headers.get("referer"), request.url.hostname)
    try:
        visitor = visitor_of(engine, request, at)
        with transaction(engine, "collector") as connection:
            short_links.record_click(connection, code, at=at, visitor=visitor, referrer_host=host)
    except sa.exc.DBAPIError:
        # A reader is led on all the same.
        log.exception("click_not_counted", code=code)
