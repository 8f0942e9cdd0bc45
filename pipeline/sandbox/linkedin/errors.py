"""LinkedIn's error bodies: one flat object, which repeats the status."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal


def bad_request(code: str, message: str) -> Refusal:
    return Refusal(_error(400, message, code=code))


def unauthorized() -> Response:
    return _error(401, "Invalid access token", code="INVALID_ACCESS_TOKEN", service=65600)


def forbidden(message: str) -> Refusal:
    return Refusal(_error(403, message, code="ACCESS_DENIED", service=100))


def not_permitted(action: str, version: str) -> Refusal:
    """For a token without the permission; `action` is the resource's and the method's name."""
    return forbidden(f"Not enough permissions to access: {action}.{version}01")


def unpermitted(fields: Sequence[str]) -> Refusal:
    """For fields that the schema does not have, by their paths."""
    named = ", ".join(fields)
    return forbidden(
        f"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [{named}]"
    )


def not_found() -> dict[str, Any]:
    return {"message": "Could not find entity", "status": 404, "code": "NOT_FOUND"}


def unprocessable(message: str) -> Refusal:
    return Refusal(_error(422, message))


def duplicate(urn: str) -> Refusal:
    """For a text that the author has posted; `urn` is said to be the post that has it."""
    problem = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "com.linkedin.content.common.exception.BadRequestResponseException: "
        f"Content is a duplicate of {urn}",
        "errorDetails": {"inputErrors": [problem]},
        "status": 422,
    }
    return Refusal(JSONResponse(body, 422))


def version_missing() -> Response:
    message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
    return _error(400, message, code="VERSION_MISSING")


def version_not_active(version: str) -> Response:
    return _error(426, f"Requested version {version}01 is not active", code="NONEXISTENT_VERSION")


def day_limit_reached() -> Response:
    message = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
    return _error(429, message, code="TOO_MANY_REQUESTS", service=101)


def rate_limited_for(_: float) -> Response:
    """LinkedIn protects itself as well, and never says for how long."""
    return _error(429, "Too many requests", code="TOO_MANY_REQUESTS", service=101)


def failure(status: int) -> Response:
    if status == 404:  # noqa: PLR2004 - the status itself
        return _error(404, "No virtual resource found", code="RESOURCE_NOT_FOUND")
    return _error(status, {405: "Method Not Allowed", 503: "Service Unavailable"}.get(status, "Internal Server Error"))


def _error(status: int, message: str, *, code: str | None = None, service: int | None = None) -> JSONResponse:
    body: dict[str, Any] = {"message": message, "status": status}
    if code is not None:
        body["code"] = code
    if service is not None:
        body["serviceErrorCode"] = service
    return JSONResponse(body, status)
