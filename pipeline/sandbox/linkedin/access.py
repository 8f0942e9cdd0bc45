"""Who may call, in which version, how often, and with which body and query."""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from pipeline.sandbox.linkedin import errors
from pipeline.sandbox.linkedin.credentials import TOKENS, Token
from pipeline.sandbox.service import Call, Handler

OLDEST_VERSION: Final = "202511"
"""Those before it are sunset."""
_VERSION: Final = re.compile(r"\d{4}(?:0[1-9]|1[0-2])")
_LIST: Final = re.compile(r"List\((.*)\)")

Body = TypeVar("Body", bound=BaseModel)
Authorised = Callable[[Call, Token], Response]


def versioned(resource: str, limit_a_day: int, handler: Authorised) -> Handler:
    """The handler behind the token, the two headers that every call needs, and the token's calls in a day (UTC).

    Refused calls count as well.
    """

    def respond(call: Call) -> Response:
        token = bearer(call)
        if token is None:
            return errors.unauthorized()
        given = version(call)
        if not given:
            return errors.version_missing()
        if not _VERSION.fullmatch(given) or not OLDEST_VERSION <= given <= f"{call.now:%Y%m}":
            return errors.version_not_active(given)
        if call.request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise errors.bad_request("INVALID_PROTOCOL_VERSION", "X-Restli-Protocol-Version must be 2.0.0")
        if _spent(call, f"{token.value} {resource}") > limit_a_day:
            return errors.day_limit_reached()
        return handler(call, token)

    return respond


def bearer(call: Call) -> Token | None:
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token_of(given.strip())


def token_of(value: str) -> Token | None:
    return next((each for each in TOKENS if hmac.compare_digest(each.value.encode(), value.encode())), None)


def version(call: Call) -> str:
    return call.request.headers.get("linkedin-version", "")


def require_scope(call: Call, token: Token, actor: str, access: str, action: str) -> None:
    """Raises: Refusal: the token may not `access` (r or w) what the actor, a member or an organisation, says."""
    kind = "organization" if actor.startswith("urn:li:organization:") else "member"
    if f"{access}_{kind}_social" not in token.scopes:
        raise errors.not_permitted(action, version(call))
    if actor != token.actor:
        raise errors.forbidden(
            "Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing fields [/author]"
        )


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body, checked. Raises: Refusal: it isn't JSON, or not what the schema says."""
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise errors.bad_request("ILLEGAL_ARGUMENT", "Content-Type must be application/json")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
    paths = {each["type"]: "".join(f"/{part}" for part in each["loc"]) for each in reversed(problems)}
    if "extra_forbidden" in paths:
        raise errors.unpermitted([paths["extra_forbidden"]])
    if "missing" in paths:
        raise errors.unprocessable(
            f"ERROR :: {paths['missing']} :: field is required but not found and has no default value\n"
        )
    path, message = next(iter(paths.values())), problems[0]["msg"]
    raise errors.bad_request("INVALID_VALUE_FOR_FIELD", f"{path} :: {message}")


def query(call: Call, *allowed: str) -> Mapping[str, str]:
    """The query's parameters, still percent-encoded. Raises: Refusal: one that the route doesn't have."""
    raw = call.request.scope["query_string"].decode("ascii", "replace")
    given = dict(part.partition("=")[::2] for part in raw.split("&") if part)
    for name in given:
        if name not in allowed:
            raise errors.bad_request("QUERY_PARAM_NOT_ALLOWED", f"Query parameter {name} is not allowed")
    return given


def urns(value: str) -> list[str]:
    """The members of `List(…)`. Raises: Refusal: it is no list, or their colons are not percent-encoded."""
    found = _LIST.fullmatch(value)
    if found is None:
        raise errors.bad_request("PARAM_INVALID", f"{value!r} is not a list in Rest.li 2.0")
    return [urn(each) for each in found.group(1).split(",") if each]


def urn(value: str) -> str:
    """Raises: Refusal: its colons are not percent-encoded."""
    if ":" in value:
        raise errors.bad_request("ILLEGAL_ARGUMENT", f"{value!r} is not percent-encoded")
    return unquote(value)


def urn_in_path(call: Call) -> str:
    """The last part of the path. Raises: Refusal: its colons are not percent-encoded."""
    raw: bytes = call.request.scope["raw_path"]
    return urn(raw.decode("ascii", "replace").rpartition("/")[2])


def _spent(call: Call, meter: str) -> int:
    """How many calls this makes today."""
    today = call.now.date().isoformat()
    kept = call.ledger.get("linkedin", "meter", meter)
    used = kept["used"] + 1 if kept and kept["day"] == today else 1
    call.ledger.put("linkedin", "meter", meter, {"day": today, "used": used})
    return used
