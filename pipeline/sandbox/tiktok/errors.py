"""TikTok's envelope: every answer of its API has an `error`, whose code is "ok" where there is none."""

import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal


def answer(data: dict[str, Any]) -> Response:
    return _enveloped(200, "ok", "", data)


def refused(status: int, code: str, message: str) -> Refusal:
    return Refusal(_enveloped(status, code, message, {}))


def invalid(message: str) -> Refusal:
    return refused(400, "invalid_params", message)


def forbidden(code: str, message: str) -> Refusal:
    return refused(403, code, message)


def failure(status: int) -> Response:
    code, message = {
        404: ("unsupported_path", "Unsupported path."),
        405: ("unsupported_path", "Unsupported method."),
    }.get(status, ("internal_error", "Something went wrong. Please try again later."))
    return _enveloped(status, code, message, {})


def rate_limited(seconds: float = 60) -> Response:  # noqa: ARG001 - TikTok does not tell when to come again
    return _enveloped(429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.", {})


def _enveloped(status: int, code: str, message: str, data: dict[str, Any]) -> Response:
    error = {"code": code, "message": message, "log_id": secrets.token_hex(16).upper()}
    return JSONResponse({"data": data, "error": error}, status)
