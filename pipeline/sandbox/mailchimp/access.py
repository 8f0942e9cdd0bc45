"""The API key, request bodies, and the query parameters that all collections share."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.mailchimp.credentials import ACCOUNT
from pipeline.sandbox.mailchimp.errors import bad_request, invalid, key_invalid, key_missing
from pipeline.sandbox.service import Call, Handler

_MOST = 1000
Body = TypeVar("Body", bound=BaseModel)


def authenticated(handler: Handler) -> Handler:
    """The handler behind the API key: Basic with any user name, or a bearer token."""

    def respond(call: Call) -> Response:
        key = _key(call.request.headers.get("authorization", ""))
        if key is None:
            return key_missing()
        if not hmac.compare_digest(key.encode(), ACCOUNT["api_key"].encode()):
            return key_invalid()
        return handler(call)

    return respond


def body(call: Call, model: type[Body]) -> Body:
    """The JSON body, checked. Raises: Refusal: it isn't JSON, or a field of it isn't valid."""
    try:
        call.json()
    except ValueError:
        raise bad_request("We encountered an unspecified JSON parsing error.") from None
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise invalid(**{"__".join(map(str, each["loc"])): each["msg"] for each in found}) from None


def collection(call: Call, name: str, items: Sequence[Mapping[str, Any]]) -> Response:
    """The part of a collection that `count` and `offset` ask for, with its total. Raises: Refusal."""
    count, offset = _whole(call, "count", 10), _whole(call, "offset", 0)
    if count > _MOST:
        raise invalid(count=f"Must be at most {_MOST}.")
    return partial(call, {name: items[offset : offset + count], "total_items": len(items), "_links": []})


def partial(call: Call, body: Mapping[str, Any]) -> Response:
    """The body, or only what `fields` names of it, such as `campaigns.settings.title`."""
    paths = [path.split(".") for path in call.request.query_params.get("fields", "").split(",") if path]
    return JSONResponse(_only(body, paths) if paths else body)


def moment(call: Call, name: str) -> datetime | None:
    """A time of the query. Raises: Refusal."""
    text = call.request.query_params.get(name)
    if text is None:
        return None
    try:
        return utc(text)
    except ValueError:
        raise invalid(**{name: "Please enter a valid date."}) from None


def utc(text: str) -> datetime:
    """Without an offset, times are UTC. Raises: ValueError."""
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """A time as Mailchimp writes it: to the second, with the offset."""
    return moment.isoformat(timespec="seconds")


def _key(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _whole(call: Call, name: str, default: int) -> int:
    text = call.request.query_params.get(name, str(default))
    if not text.isdecimal():
        raise invalid(**{name: "Must be a whole number, not negative."})
    return int(text)


def _only(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if isinstance(value, list):
        return [_only(each, paths) for each in value]
    if not isinstance(value, Mapping) or not all(paths):
        return value
    return {
        name: _only(value[name], [path[1:] for path in paths if path[0] == name])
        for name in dict.fromkeys(path[0] for path in paths)
        if name in value
    }
