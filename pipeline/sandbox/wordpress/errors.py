"""WordPress's error bodies: `{code, message, data: {status}}`."""

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from pipeline.sandbox.service import Refusal


def refusal(status: int, code: str, message: str, **data: Any) -> Refusal:
    body = {"code": code, "message": message, "data": {"status": status, **data}}
    return Refusal(JSONResponse(body, status))


def invalid_param(name: str, reason: str) -> Refusal:
    return refusal(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: reason}, details={})


def failure(status: int) -> Response:
    """An unknown route is 404 whatever the method; a 5xx other than 500 comes from the server before PHP."""
    if status in (404, 405):
        return refusal(404, "rest_no_route", "No route was found matching the URL and request method.").response
    if status == 500:  # noqa: PLR2004
        return refusal(500, "internal_server_error", "<p>There has been a critical error on this website.</p>").response
    return HTMLResponse(f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>", status)


def rate_limited(seconds: float) -> Response:
    """Core has no limits: this is what a host or a proxy before it answers."""
    return HTMLResponse(
        "<html><head><title>429 Too Many Requests</title></head><body><h1>429 Too Many Requests</h1></body></html>",
        429,
        headers={"Retry-After": f"{seconds:.0f}"},
    )
