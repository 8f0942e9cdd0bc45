"""The sandbox's own pages and API: the front page, the ledger, the faults."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.sandbox import pages
from pipeline.sandbox.ledger import timestamp
from pipeline.sandbox.vocabulary import FaultKind

_RECENT = 100


def routes() -> list[Route]:
    return [
        Route("/", _front_page),
        Route("/sandbox/ledger", _effects, methods=["GET"]),
        Route("/sandbox/ledger", _clear, methods=["DELETE"]),
        Route("/sandbox/faults", _faults, methods=["GET"]),
        Route("/sandbox/faults", _add_fault, methods=["POST"]),
        Route("/sandbox/faults", _clear_faults, methods=["DELETE"]),
    ]


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    platform: str
    kind: FaultKind
    count: int = Field(default=1, ge=1)
    seconds: float | None = Field(default=None, ge=0)
    status: int = Field(default=500, ge=500, le=599)
    path: str = ""
    method: str | None = None


async def _front_page(request: Request) -> Response:
    _settle(request)
    state = request.app.state
    return HTMLResponse(pages.front(state.platforms.values(), state.ledger.latest(_RECENT), state.faults.waiting))


async def _effects(request: Request) -> Response:
    _settle(request)
    since = request.query_params.get("since")
    try:
        moment = datetime.fromisoformat(since) if since else None
    except ValueError:
        return _bad_request("`since` is no ISO 8601 time.")
    if moment is not None and moment.tzinfo is None:
        return _bad_request("`since` needs a zone, such as Z.")
    effects = request.app.state.ledger.effects(platform=request.query_params.get("platform"), since=moment)
    return JSONResponse({"effects": [{**asdict(each), "at": timestamp(each.at)} for each in effects]})


async def _clear(request: Request) -> Response:
    with request.app.state.ledger.transaction():
        request.app.state.ledger.clear()
    return JSONResponse({"cleared": True})


async def _faults(request: Request) -> Response:
    return JSONResponse({"faults": [asdict(each) for each in request.app.state.faults.waiting]})


async def _add_fault(request: Request) -> Response:
    try:
        asked = _Fault.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse({"errors": json.loads(error.json(include_url=False))}, 400)
    if asked.platform not in request.app.state.platforms:
        return _bad_request(f"No platform {asked.platform!r}; there are: {', '.join(request.app.state.platforms)}.")
    fault = request.app.state.faults.add(**asked.model_dump())
    return JSONResponse(asdict(fault), 201)


async def _clear_faults(request: Request) -> Response:
    request.app.state.faults.clear()
    return JSONResponse({"cleared": True})


def _settle(request: Request) -> None:
    state: Any = request.app.state
    with state.ledger.transaction():
        for platform in state.platforms.values():
            platform.settle(state.ledger, datetime.now(UTC))


def _bad_request(message: str) -> Response:
    return JSONResponse({"errors": [message]}, 400)
