"""Application Passwords, request parameters and the one user of the sandbox's site."""

import base64
import binascii
import hmac
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.credentials import WORDPRESS
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.errors import refusal

USER_ID = 1


def authenticated(call: Call) -> bool:
    """Whether the call carries the Application Password. A wrong one counts as none, as WordPress has it."""
    scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return username == WORDPRESS["username"] and hmac.compare_digest(
        _without_spaces(password), _without_spaces(WORDPRESS["app_password"])
    )


def require(call: Call, code: str, message: str) -> None:
    """Raises: Refusal: the caller is nobody, in the words of what it wanted to do."""
    if not authenticated(call):
        raise refusal(401, code, message)


def params(call: Call) -> dict[str, Any]:
    """The query's parameters, overlaid with the body's, JSON or form.

    Raises:
        Refusal: the body says it is JSON and isn't, or isn't an object.
    """
    found: dict[str, Any] = dict(call.request.query_params)
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and call.body:
        try:
            body = call.json()
        except json.JSONDecodeError as error:
            raise refusal(
                400, "rest_invalid_json", "Invalid JSON body passed.", json_error_code=4, json_error_message=error.msg
            ) from None
        if isinstance(body, dict):
            found |= body
    elif kind == "application/x-www-form-urlencoded":
        found |= dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    return found


def me(call: Call) -> Response:
    require(call, "rest_not_logged_in", "You are not currently logged in.")
    user: dict[str, Any] = {
        "id": USER_ID,
        "name": "Sandbox Editor (nobody real)",
        "url": "",
        "description": "",
        "link": call.link("/wordpress/"),
        "slug": WORDPRESS["username"],
        "avatar_urls": {},
        "meta": [],
    }
    if call.request.query_params.get("context") == "edit":
        user |= {
            "username": WORDPRESS["username"],
            "email": "sandbox-editor@example.invalid",
            "roles": ["editor"],
            "capabilities": {"edit_posts": True, "publish_posts": True, "delete_posts": True, "upload_files": True},
        }
    return JSONResponse(user)


def _without_spaces(password: str) -> bytes:
    return re.sub(r"[^a-z\d]", "", password, flags=re.IGNORECASE).encode()
