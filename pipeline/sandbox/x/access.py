"""Who may call, how often, and with which parameters."""

import hmac
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call, Handler, Refusal
from pipeline.sandbox.x import signatures
from pipeline.sandbox.x.credentials import BEARER_TOKEN, READ_ONLY
from pipeline.sandbox.x.errors import invalid_request, not_permitted, rate_headers, too_many_requests, unauthorized

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Window:
    """A limit over a time, and how the headers that tell of it begin."""

    headers: str
    limit: int
    seconds: int


def metered(name: str, limit: int, handler: Handler, *, app_limit_a_day: int | None = None) -> Handler:
    """The handler behind authentication and the user's limit per 15 minutes. Refused calls count as well."""
    windows = [_Window("x-rate-limit", limit, 15 * 60)]
    if app_limit_a_day is not None:
        windows.append(_Window("x-app-limit-24hour", app_limit_a_day, 24 * 60 * 60))

    def respond(call: Call) -> Response:
        level = _access_level(call)
        if level is None:
            return unauthorized().response
        spent = {window: _spent(call, name, window) for window in windows}
        if any(used["used"] >= window.limit for window, used in spent.items()):
            response = too_many_requests()
        else:
            for window, used in spent.items():
                used["used"] += 1
                call.ledger.put("x", "window", f"{name} {window.headers}", used)
            response = _answer(call, handler, level)
        for window, used in spent.items():
            response.headers.update(
                rate_headers(window.headers, window.limit, window.limit - used["used"], used["resets"])
            )
        if level:
            response.headers["x-access-level"] = level
        return response

    return respond


def _spent(call: Call, name: str, window: _Window) -> Document:
    kept = call.ledger.get("x", "window", f"{name} {window.headers}")
    if kept is None or kept["resets"] <= call.now.timestamp():
        return {"used": 0, "resets": int(call.now.timestamp()) + window.seconds}
    return kept


def _answer(call: Call, handler: Handler, level: str) -> Response:
    if level == "read" and call.request.method != "GET":
        return not_permitted().response
    try:
        return handler(call)
    except Refusal as refusal:
        return refusal.response


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body, checked. Raises: Refusal: it isn't JSON, or not what the schema says."""
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid_request("Requests with bodies must have content-type of application/json.")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(("$", *map(str, first["loc"])))
        if first["type"] == "extra_forbidden":
            raise invalid_request(
                f"{where}: is not defined in the schema and the schema does not allow additional properties"
            ) from None
        raise invalid_request(f"{where}: {first['msg']}") from None


def query(call: Call, *allowed: str) -> dict[str, str]:
    """The query's parameters. Raises: Refusal: one that the route doesn't have."""
    given = dict(call.request.query_params)
    for name, value in given.items():
        if name not in allowed:
            raise invalid_request(f"The query parameter [{name}] is not one of [{','.join(allowed)}]", {name: [value]})
    return given


def whole(given: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """A bounded whole number of the query. Raises: Refusal."""
    value: Any = given.get(name, default)
    if not str(value).isdecimal() or not low <= int(value) <= high:
        raise invalid_request(
            f"The `{name}` query parameter value [{value}] is not between {low} and {high}", {name: [str(value)]}
        )
    return int(value)


def _access_level(call: Call) -> str | None:
    """What the token may do; empty for a bearer token, of which X doesn't tell it; None where there is no good one."""
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "" if hmac.compare_digest(token.strip().encode(), BEARER_TOKEN.encode()) else None
    signed_with = signatures.signed(call)
    if signed_with is None:
        return None
    return "read" if signed_with == READ_ONLY["access_token"] else "read-write"
