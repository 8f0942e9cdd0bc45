"""Who may call, how often, and with which parameters."""

import hmac
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from pipeline.sandbox.credentials import X_BEARER_TOKEN
from pipeline.sandbox.service import Call, Handler, Refusal
from pipeline.sandbox.x import oauth
from pipeline.sandbox.x.errors import invalid_request, rate_headers, rate_limited, unauthorized

_WINDOW_SECONDS: Final = 15 * 60
Body = TypeVar("Body", bound=BaseModel)


def metered(name: str, limit: int, handler: Handler) -> Handler:
    """The handler behind authentication and the user's limit per 15 minutes. Refused calls count as well."""

    def respond(call: Call) -> Response:
        if not _authenticated(call):
            return unauthorized().response
        window = call.ledger.get("x", "window", name)
        if window is None or window["resets"] <= call.now.timestamp():
            window = {"used": 0, "resets": int(call.now.timestamp()) + _WINDOW_SECONDS}
        if window["used"] >= limit:
            return rate_limited(limit, window["resets"])
        window["used"] += 1
        call.ledger.put("x", "window", name, window)
        try:
            response = handler(call)
        except Refusal as refusal:
            response = refusal.response
        response.headers.update(rate_headers(limit, limit - window["used"], window["resets"]))
        return response

    return respond


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


def _authenticated(call: Call) -> bool:
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), X_BEARER_TOKEN.encode())
    return oauth.signed(call)
