"""An XRPC server's error bodies: a name for programs and a message for people."""

import math
import time
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal

_NAMES: Final = {
    404: ("XRPCNotSupported", "XRPCNotSupported"),
    405: ("InvalidRequest", "Incorrect HTTP method"),
    502: ("UpstreamFailure", "Upstream Failure"),
    503: ("NotEnoughResources", "Not Enough Resources"),
    504: ("UpstreamTimeout", "Upstream Timeout"),
}


def refusal(status: int, name: str, message: str) -> Refusal:
    return Refusal(_error(status, name, message))


def invalid(message: str, name: str = "InvalidRequest") -> Refusal:
    return refusal(400, name, message)


def failure(status: int) -> Response:
    return _error(status, *_NAMES.get(status, ("InternalServerError", "Internal Server Error")))


def too_many_requests() -> Response:
    return _error(429, "RateLimitExceeded", "Rate Limit Exceeded")


def rate_limited_for(seconds: float) -> Response:
    response = too_many_requests()
    response.headers.update(rate_headers(5000, 3600, 0, math.ceil(time.time() + seconds)))
    return response


def rate_headers(limit: int, seconds: int, remaining: int, resets: int) -> dict[str, str]:
    """`resets` is when the window of so many seconds ends, in seconds since 1970."""
    return {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(resets),
        "RateLimit-Policy": f"{limit};w={seconds}",
    }


def _error(status: int, name: str, message: str) -> Response:
    return JSONResponse({"error": name, "message": message}, status)
