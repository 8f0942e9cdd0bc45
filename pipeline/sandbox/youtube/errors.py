"""Google's error bodies: `{error: {code, message, errors: [{message, domain, reason}], status}}`."""

from typing import Any, Final

from starlette.responses import HTMLResponse, JSONResponse, Response

from pipeline.sandbox.service import Refusal

_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def refusal(status: int, reason: str, message: str, domain: str = "youtube.video") -> Refusal:
    return Refusal(_error(status, reason, message, domain))


def unknown_name(name: str, where: str = "Cannot bind query parameter") -> Refusal:
    message = f'Invalid JSON payload received. Unknown name "{name}": {where}.'
    return refusal(400, "invalid", message, "global")


def failure(status: int) -> Response:
    """An unknown route is answered by Google's front, in HTML."""
    if status in (404, 405):
        return HTMLResponse(f"<!DOCTYPE html><title>Error {status}</title><p><b>{status}.</b> That's an error.", status)
    return _error(status, "backendError", "The service is currently unavailable.", "global")


def rate_limited(seconds: float) -> Response:  # noqa: ARG001 - YouTube does not say when to come again
    return _error(429, "rateLimitExceeded", "The request was throttled.", "usageLimits")


def _error(status: int, reason: str, message: str, domain: str) -> Response:
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }
    if status in _STATUSES:
        error["status"] = _STATUSES[status]
    return JSONResponse({"error": error}, status)
