"""The Graph API's errors: one envelope, told apart by `code` and `error_subcode`, nearly all of them a 400.

Codes and subcodes: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

import json
import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Refusal

_MINUTE = 60


def refusal(
    code: int, message: str, subcode: int | None = None, *, status: int = 400, is_transient: bool = False
) -> Refusal:
    return Refusal(_response(status, code, message, subcode, is_transient=is_transient))


def invalid(message: str) -> Refusal:
    return refusal(100, f"(#100) {message}")


def unknown_object(id_: str) -> Refusal:
    """One message for what is not there, what may not be seen and what can't be done to it."""
    message = (
        f"Unsupported request. Object with ID '{id_}' does not exist, cannot be loaded due to missing permissions, or "
        "does not support this operation."
    )
    return refusal(100, message, 33)


def unknown_token() -> Refusal:
    return refusal(190, "Invalid OAuth access token - Cannot parse access token")


def no_token() -> Refusal:
    return refusal(2500, "An active access token must be used to query information about the current user.")


def not_permitted() -> Refusal:
    return refusal(10, "(#10) Application does not have permission for this action", status=403)


def unknown_path(path: str) -> Refusal:
    return refusal(2500, f"Unknown path components: {path}")


def not_ready() -> Refusal:
    return refusal(9007, "The media is not ready for publishing, please wait for a moment", 2207027)


def used_up() -> Refusal:
    message = "You reached maximum number of posts that is allowed to be published by Content Publishing API."
    return refusal(9, message, 2207042)


def failure(status: int) -> Response:
    if status in (404, 405):
        return _response(400, 2500, "Unknown path components", None, is_transient=False)
    message = "An unexpected error has occurred. Please retry your request later."
    return _response(status, 2, message, None, is_transient=True)


def rate_limited_for(seconds: float) -> Response:
    """The account's limit; how long it lasts is told in whole minutes, below one of them not at all."""
    response = _response(400, 80002, "There have been too many calls to this Instagram account.", None)
    usage = {
        "type": "instagram",
        "call_count": 100,
        "total_cputime": 25,
        "total_time": 25,
        "estimated_time_to_regain_access": int(seconds // _MINUTE),
    }
    response.headers["X-Business-Use-Case-Usage"] = json.dumps({"sandbox": [usage]})
    return response


def _response(status: int, code: int, message: str, subcode: int | None, *, is_transient: bool = False) -> Response:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": is_transient,
        "fbtrace_id": f"A{secrets.token_urlsafe(16)}",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return JSONResponse({"error": error}, status)
