"""Who may call, with which parameters, and which fields of a node are shown."""

import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from pipeline.sandbox.instagram.credentials import ACCOUNT, READ_ONLY
from pipeline.sandbox.instagram.errors import (
    invalid,
    no_token,
    not_permitted,
    unknown_object,
    unknown_path,
    unknown_token,
)
from pipeline.sandbox.service import Call, Handler

ACCOUNT_ID: Final = "17841400000000001"
USERNAME: Final = "sandbox.press"
_VERSION: Final = re.compile(r"v\d{1,2}\.\d")
_TOKEN: Final = "access_token"  # noqa: S105 - a parameter's name


def authenticated(handler: Handler, *, publishes: bool = False) -> Handler:
    """The handler behind the token: in the header, or among the parameters."""

    def respond(call: Call) -> Response:
        version = call.request.path_params["version"]
        if not _VERSION.fullmatch(version):
            raise unknown_path(f"/{version}")
        token = _token(call)
        if not token:
            raise no_token()
        reads = hmac.compare_digest(token.encode(), READ_ONLY[_TOKEN].encode())
        if not reads and not hmac.compare_digest(token.encode(), ACCOUNT[_TOKEN].encode()):
            raise unknown_token()
        if reads and publishes:
            raise not_permitted()
        return handler(call)

    return respond


def own_account(call: Call) -> None:
    """Raises: Refusal: the edge is of another node than the token's account."""
    id_ = call.request.path_params["id"]
    if id_ != ACCOUNT_ID:
        raise unknown_object(id_)


def parameters(call: Call, allowed: Collection[str]) -> dict[str, Any]:
    """The query's and the body's parameters.

    The Graph API drops those that it doesn't know without a word, which would hide a slip: here they are refused.

    Raises: Refusal.
    """
    given = {name: value for name, value in _all_parameters(call).items() if name != _TOKEN}
    for name in given:
        if name not in allowed:
            raise invalid(f"Unknown parameter {name}")
    return given


def shown(fields: str | None, node: str, available: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The fields that were asked for, and the id in any case. Raises: Refusal: one that the node doesn't have."""
    names = [name for name in (fields or "").split(",") if name]
    for name in names:
        if name not in available:
            raise invalid(f"Tried accessing nonexisting field ({name}) on node type ({node})")
    found = {name: available[name]() for name in dict.fromkeys([*names, "id"])}
    return {name: value for name, value in found.items() if value is not None}


def _token(call: Call) -> str:
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return str(_all_parameters(call).get(_TOKEN, ""))


def _all_parameters(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = dict(call.request.query_params)
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        given |= _json_object(call)
    elif kind == "application/x-www-form-urlencoded":
        given |= dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    elif call.body:
        raise invalid("The body is neither JSON nor a form")
    return given


def _json_object(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("The body is no JSON object")
    return body
