"""X's error bodies: problem objects, in JSON whatever the client accepts."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal

_PROBLEMS = "https://api.twitter.com/2/problems"


def invalid_request(message: str, parameters: Mapping[str, Sequence[str]] | None = None) -> Refusal:
    body = {
        "errors": [{"parameters": dict(parameters or {}), "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{_PROBLEMS}/invalid-request",
    }
    return Refusal(JSONResponse(body, 400))


def forbidden(detail: str) -> Refusal:
    return Refusal(_problem(403, "Forbidden", detail))


def not_permitted() -> Refusal:
    """For a token that may only read."""
    detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
    return Refusal(_problem(403, "Forbidden", detail, f"{_PROBLEMS}/oauth1-permissions"))


def unauthorized() -> Refusal:
    return Refusal(_problem(401, "Unauthorized", "Unauthorized"))


def not_found(resource: str, parameter: str, value: str) -> dict[str, Any]:
    """An entry of `errors` beside the data that was found; the status stays 200."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{_PROBLEMS}/resource-not-found",
    }


def field_not_authorized(tweet_id: str, field: str) -> dict[str, Any]:
    """An entry of `errors` for figures that X no longer shows."""
    return {
        "value": tweet_id,
        "detail": f"Sorry, you are not authorized to access '{field}' on the Tweet with ids : [{tweet_id}].",
        "title": "Field Authorization Error",
        "section": "data",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": tweet_id,
        "field": field,
        "type": f"{_PROBLEMS}/not-authorized-for-field",
    }


def failure(status: int) -> Response:
    title = {404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}.get(
        status, "Internal Server Error"
    )
    return _problem(status, title, title)


def too_many_requests() -> Response:
    return _problem(429, "Too Many Requests", "Too Many Requests")


def rate_limited_for(seconds: float) -> Response:
    response = too_many_requests()
    response.headers.update(rate_headers("x-rate-limit", 100, 0, math.ceil(time.time() + seconds)))
    return response


def rate_headers(window: str, limit: int, remaining: int, resets: int) -> dict[str, str]:
    """`resets` is when the window ends, in seconds since 1970."""
    return {
        f"{window}-limit": str(limit),
        f"{window}-remaining": str(remaining),
        f"{window}-reset": str(resets),
    }


def _problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Response:
    return JSONResponse({"title": title, "type": kind, "status": status, "detail": detail}, status)
