"""Application Passwords, request parameters and the users of the sandbox's site."""

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR, EDITOR
from pipeline.sandbox.wordpress.errors import invalid_param, refusal


@dataclass(frozen=True, slots=True)
class User:
    id: int
    role: str
    username: str
    app_password: str = field(repr=False)
    capabilities: frozenset[str]


_WRITING = frozenset({"read", "edit_posts", "delete_posts"})
_EDITING = _WRITING | {"publish_posts", "upload_files", "edit_others_posts", "delete_others_posts", "manage_categories"}
_USERS = {
    user.username: user
    for user in (
        User(1, "editor", **EDITOR, capabilities=_EDITING),
        User(2, "contributor", **CONTRIBUTOR, capabilities=_WRITING),
    )
}


def user_of(call: Call) -> User | None:
    """Whose Application Password the call carries. A wrong one counts as none, as WordPress has it."""
    scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user = _USERS.get(username)
    if user is None or not hmac.compare_digest(_without_spaces(password), _without_spaces(user.app_password)):
        return None
    return user


def authenticated(call: Call) -> bool:
    return user_of(call) is not None


def require(call: Call, code: str, message: str) -> User:
    """Raises: Refusal: the caller is nobody, in the words of what it wanted to do."""
    user = user_of(call)
    if user is None:
        raise refusal(401, code, message)
    return user


def require_capability(call: Call, capability: str, code: str, message: str) -> User:
    """Raises: Refusal: the caller is nobody, or may not do what it wanted to."""
    user = require(call, code, message)
    if capability not in user.capabilities:
        raise refusal(403, code, message)
    return user


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


def text_params(call: Call, *names: str) -> dict[str, str]:
    """Those of the parameters that are there. Raises: Refusal: one is no text."""
    asked = {name: value for name, value in params(call).items() if name in names}
    for name, value in asked.items():
        if not isinstance(value, str):
            raise invalid_param(name, f"{name} is not of type string.")
    return asked


def me(call: Call) -> Response:
    user = require(call, "rest_not_logged_in", "You are not currently logged in.")
    shown: dict[str, Any] = {
        "id": user.id,
        "name": f"Sandbox {user.role.title()} (nobody real)",
        "url": "",
        "description": "",
        "link": call.link("/wordpress/"),
        "slug": user.username,
        "avatar_urls": {},
        "meta": [],
    }
    if call.request.query_params.get("context") == "edit":
        shown |= {
            "username": user.username,
            "email": f"{user.username}@example.invalid",
            "roles": [user.role],
            "capabilities": dict.fromkeys((*user.capabilities, user.role), True),
        }
    return JSONResponse(shown)


def _without_spaces(password: str) -> bytes:
    return re.sub(r"[^a-z\d]", "", password, flags=re.IGNORECASE).encode()
