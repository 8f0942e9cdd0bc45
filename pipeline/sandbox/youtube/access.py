"""Who may call, how much of the day's quota a call takes, and with which parameters and which body."""

import hmac
from collections.abc import Collection
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from pipeline.sandbox.service import Call, Handler
from pipeline.sandbox.youtube.credentials import SCOPES
from pipeline.sandbox.youtube.errors import refusal, unknown_name

Body = TypeVar("Body", bound=BaseModel)

_BUCKETS: Final = {"units": 10_000, "uploads": 100, "statistics": 10_000}
"""What a project has a day: https://developers.google.com/youtube/v3/determine_quota_cost."""
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")
_EVERYWHERE: Final = ("alt", "fields", "key", "prettyPrint", "quotaUser")


def metered(handler: Handler, *, bucket: str = "units", cost: int = 1) -> Handler:
    """The handler for calls with a good token, at a cost that refused calls pay too."""

    def respond(call: Call) -> Response:
        scopes_of(call)
        _spend(call, bucket, cost)
        return handler(call)

    return respond


def scopes_of(call: Call) -> tuple[str, ...]:
    """Raises: Refusal: no token of ours came."""
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    found = scopes_of_token(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise refusal(401, "authError", "Request had invalid authentication credentials.", "global")
    return found


def scopes_of_token(token: str) -> tuple[str, ...] | None:
    return next((held for known, held in SCOPES.items() if hmac.compare_digest(known.encode(), token.encode())), None)


def require_scope(call: Call, enough: Collection[str]) -> None:
    """Raises: Refusal: the token has none of the scopes of which one is enough."""
    if not set(scopes_of(call)) & set(enough):
        raise refusal(
            403, "insufficientPermissions", "Request had insufficient authentication scopes.", "com.google.auth"
        )


def query(call: Call, *allowed: str) -> dict[str, str]:
    """The query's parameters, several of one name as one with commas. Raises: Refusal: one that the method lacks."""
    found: dict[str, str] = {}
    for name, value in call.request.query_params.multi_items():
        if name not in allowed and name not in _EVERYWHERE:
            raise unknown_name(name)
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def parts(given: dict[str, str], known: Collection[str]) -> list[str]:
    """What `part` names. Raises: Refusal: nothing, or what there isn't."""
    named = [part for part in given.get("part", "").split(",") if part]
    if not named:
        raise refusal(400, "missingRequiredParameter", "No filter selected. Expected: part", "youtube.parameter")
    for part in named:
        if part not in known:
            raise refusal(400, "unknownPart", f"'{part}'", "youtube.part")
    return named


def ids(given: dict[str, str]) -> list[str]:
    """At most 50. Raises: Refusal."""
    named = list(dict.fromkeys(id_ for id_ in given.get("id", "").split(",") if id_))
    if not named:
        raise refusal(400, "missingRequiredParameter", "No filter selected. Expected: id", "youtube.parameter")
    if len(named) > 50:  # noqa: PLR2004 - said on one line only
        message = "The request specifies an invalid filter parameter: too many ids."
        raise refusal(400, "invalidFilters", message, "youtube.parameter")
    return named


def whole(given: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """A bounded whole number of the query. Raises: Refusal."""
    value = given.get(name, str(default))
    if not value.isdecimal() or not low <= int(value) <= high:
        message = f"Invalid value '{value}'. Values must be within the range: [{low}, {high}]"
        raise refusal(400, "invalidParameter", message, "global")
    return int(value)


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body, checked. Raises: Refusal."""
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise refusal(400, "badContent", f"Media type '{kind}' is not supported. Valid media types: [*/json]", "global")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        *where, name = map(str, first["loc"] or ("body",))
        if first["type"] == "extra_forbidden":
            raise unknown_name(name, f"Cannot find field at '{'.'.join(where)}'") from None
        message = f"Invalid value at '{'.'.join((*where, name))}': {first['msg']}"
        raise refusal(400, "invalid", message, "global") from None


def _spend(call: Call, bucket: str, cost: int) -> None:
    """Raises: Refusal: the day's quota does not reach."""
    day = call.now.astimezone(_PACIFIC).date().isoformat()
    used = (call.ledger.get("youtube", "quota", f"{bucket} {day}") or {"used": 0})["used"]
    if used + cost > _BUCKETS[bucket]:
        message = 'The request cannot be completed because you have exceeded your <a href="/quota">quota</a>.'
        raise refusal(403, "quotaExceeded", message, "youtube.quota")
    call.ledger.put("youtube", "quota", f"{bucket} {day}", {"used": used + cost})
