"""Who may call, how often, and what came with the call."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mastodon.credentials import SCOPES
from pipeline.sandbox.mastodon.errors import invalid, rate_headers, refusal, too_many_requests
from pipeline.sandbox.service import Call, Handler, Refusal

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Window:
    name: str
    limit: int
    lasts: timedelta


CALLS: Final = Window("calls", 300, timedelta(minutes=5))
POSTS: Final = Window("posts", 300, timedelta(hours=3))


def allowed(scope: str | None, handler: Handler, window: Window = CALLS) -> Handler:
    """The handler behind a token that has the scope, and behind the account's limit. Refused calls count as well."""

    def respond(call: Call) -> Response:
        held = _scopes(call)
        if held is None:
            return refusal(401, "The access token is invalid").response
        if scope is not None and not {scope, scope.partition(":")[0]} & set(held):
            return refusal(403, "This action is outside the authorized scopes").response
        spent = _spent(call, window)
        if spent["used"] >= window.limit:
            response = too_many_requests()
        else:
            spent["used"] += 1
            call.ledger.put("mastodon", "window", window.name, spent)
            response = _answer(call, handler)
        resets = datetime.fromisoformat(spent["resets"])
        response.headers.update(rate_headers(window.limit, window.limit - spent["used"], resets))
        return response

    return respond


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body; what the model does not know is dropped, as Rails does. Raises: Refusal."""
    try:
        return model.model_validate_json(call.body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise invalid(f"{'.'.join(map(str, first['loc']))} {first['msg']}") from None


def scopes(call: Call) -> tuple[str, ...]:
    return _scopes(call) or ()


def number(given: Any, default: int, most: int) -> int:
    """Of the query: what can't be read is the default, and what is too large is cut down."""
    return min(int(given), most) if str(given).isdecimal() and int(given) else default


def _answer(call: Call, handler: Handler) -> Response:
    try:
        return handler(call)
    except Refusal as refused:
        return refused.response


def _scopes(call: Call) -> tuple[str, ...] | None:
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return next(
        (held for token, held in SCOPES.items() if hmac.compare_digest(given.strip().encode(), token.encode())), None
    )


def _spent(call: Call, window: Window) -> Document:
    kept = call.ledger.get("mastodon", "window", window.name)
    if kept is None or datetime.fromisoformat(kept["resets"]) <= call.now:
        return {"used": 0, "resets": (call.now + window.lasts).isoformat()}
    return kept
