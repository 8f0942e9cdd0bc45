"""Who may call, with which scope, how often, and with what in the body."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from pipeline.sandbox.service import Call, Handler, Refusal
from pipeline.sandbox.tiktok.credentials import USERS, User
from pipeline.sandbox.tiktok.errors import invalid, rate_limited, refused

Body = TypeVar("Body", bound=BaseModel)
UserHandler = Callable[[Call, User], Response]

DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


class Part(BaseModel):
    """A part of a request, which takes no field that isn't here."""

    model_config = ConfigDict(extra="forbid", strict=True)


def as_user(handler: UserHandler, *scopes: str) -> Handler:
    """The handler, for a bearer of a token that has one of the scopes."""

    def respond(call: Call) -> Response:
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        user = USERS.get(token) if scheme == "Bearer" else None
        if user is None:
            raise refused(401, "access_token_invalid", "The access token is invalid or not found in the request.")
        if not user.scopes.intersection(scopes):
            raise refused(401, "scope_not_authorized", "The user did not authorize the scope required.")
        return handler(call, user)

    return respond


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body, checked. Raises: Refusal: it isn't JSON, or not of that form."""
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("The content type must be application/json.")
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def take_turn(call: Call, user: User) -> None:
    """Count the beginning of a post. Raises: Refusal: the user has begun 6 within a minute."""
    if not user.is_metered:
        return
    kept = call.ledger.get("tiktok", "turns", user.username) or {"at": []}
    recent = [at for at in kept["at"] if datetime.fromisoformat(at) > call.now - _MINUTE]
    if len(recent) >= 6:  # noqa: PLR2004
        raise Refusal(rate_limited())
    call.ledger.put("tiktok", "turns", user.username, {"at": [*recent, call.now.isoformat()]})
