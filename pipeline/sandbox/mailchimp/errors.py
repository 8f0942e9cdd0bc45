"""Mailchimp's error bodies: problem+json (RFC 7807) with the fields at fault, where there are any."""

import uuid
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal

_TYPE: Final = "https://mailchimp.com/developer/marketing/docs/errors/"


def bad_request(detail: str) -> Refusal:
    return Refusal(_problem(400, "Bad Request", detail))


def invalid(**fields: str) -> Refusal:
    """Fields that don't validate, each with its message; `__` stands for the dot of a nested field."""
    response = _problem(
        400,
        "Invalid Resource",
        "The resource submitted could not be validated. For field-specific details, see the 'errors' array.",
        [{"field": name.replace("__", "."), "message": message} for name, message in fields.items()],
    )
    return Refusal(response)


def not_found() -> Refusal:
    return Refusal(_problem(404, "Resource Not Found", "The requested resource could not be found."))


def key_missing() -> Response:
    return _problem(401, "API Key Missing", "Your request did not include an API key.")


def key_invalid() -> Response:
    detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    return _problem(401, "API Key Invalid", detail)


def failure(status: int) -> Response:
    if status == 405:  # noqa: PLR2004
        return _problem(405, "Method Not Allowed", "The requested method and resource are not compatible.")
    if status == 404:  # noqa: PLR2004
        return not_found().response
    if status in (502, 504):
        return Response(status_code=status)  # a gateway's: no body
    return _problem(status, "Internal Server Error", "An unexpected internal error has occurred.")


def rate_limited(seconds: float) -> Response:  # noqa: ARG001 - Mailchimp doesn't say how long
    return _problem(429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections.")


def _problem(status: int, title: str, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    body = {"type": _TYPE, "title": title, "status": status, "detail": detail, "instance": str(uuid.uuid4())}
    return JSONResponse(body | ({"errors": errors} if errors else {}), status, media_type="application/problem+json")
