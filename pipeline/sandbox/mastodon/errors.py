"""Mastodon's error bodies: a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal

_SENTENCES: Final = {
    404: "The page you are looking for isn't here.",
    405: "Method not allowed",
    503: "The page could not be served due to a temporary server failure.",
}


def refusal(status: int, sentence: str) -> Refusal:
    return Refusal(JSONResponse({"error": sentence}, status))


def invalid(sentence: str) -> Refusal:
    return refusal(422, f"Validation failed: {sentence}")


def not_found() -> Refusal:
    return refusal(404, "Record not found")


def failure(status: int) -> Response:
    return JSONResponse({"error": _SENTENCES.get(status, "We're sorry, but something went wrong on our end.")}, status)


def too_many_requests() -> Response:
    return JSONResponse({"error": "Too many requests"}, 429)


def rate_limited_for(seconds: float) -> Response:
    response = too_many_requests()
    response.headers.update(rate_headers(300, 0, datetime.now(UTC) + timedelta(seconds=seconds)))
    return response


def rate_headers(limit: int, remaining: int, resets: datetime) -> dict[str, str]:
    """The reset is a date, where others tell seconds."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": resets.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
