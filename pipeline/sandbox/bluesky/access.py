"""Sessions, and how much an account may write."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.bluesky.credentials import ACCOUNT, DID, HANDLE
from pipeline.sandbox.bluesky.errors import invalid, rate_headers, refusal, too_many_requests
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call, Handler, Refusal

_SIGNED_WITH: Final = b"the key of a sandbox that anybody may read"
_ACCESS_LASTS: Final = timedelta(hours=2)
_REFRESH_LASTS: Final = timedelta(days=90)
_ABOUT: Final = {"did": DID, "handle": HANDLE, "email": "press@example.com", "emailConfirmed": True, "active": True}


@dataclass(frozen=True, slots=True)
class _Window:
    name: str
    limit: int
    seconds: int


_WRITES: Final = (_Window("hour", 5000, 60 * 60), _Window("day", 35_000, 24 * 60 * 60))
_SESSIONS: Final = (_Window("sessions", 300, 24 * 60 * 60),)
"""Bluesky allows 30 in five minutes besides; here nobody has to wait that long for a rehearsal."""


def create_session(call: Call) -> Response:
    asked = body(call, "identifier", "password")
    refused = _spend(call, _SESSIONS, 1)
    if refused is not None:
        return refused
    known = asked["identifier"] in (HANDLE, DID)
    if not known or not hmac.compare_digest(asked["password"].encode(), ACCOUNT["app_password"].encode()):
        raise refusal(401, "AuthenticationRequired", "Invalid identifier or password")
    tokens = {
        "accessJwt": _token(call, "com.atproto.appPass", _ACCESS_LASTS),
        "refreshJwt": _token(call, "com.atproto.refresh", _REFRESH_LASTS),
    }
    return JSONResponse(_ABOUT | tokens)


def get_session(call: Call) -> Response:
    require_session(call)
    return JSONResponse(_ABOUT)


def require_session(call: Call) -> None:
    """Raises: Refusal: the call carries no access token that holds."""
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refusal(401, "AuthMissing", "Authentication Required")
    claims = _claims(token.strip())
    if claims is None:
        raise invalid("Token could not be verified", "InvalidToken")
    if claims["scope"] != "com.atproto.appPass":
        raise invalid("Bad token scope", "InvalidToken")
    if claims["exp"] <= call.now.timestamp():
        raise invalid("Token has expired", "ExpiredToken")


def writing(points: int, handler: Handler) -> Handler:
    """The handler behind a session and the account's allowance of points; a refused write costs them too."""

    def respond(call: Call) -> Response:
        require_session(call)
        refused = _spend(call, _WRITES, points)
        if refused is not None:
            return refused
        try:
            response = handler(call)
        except Refusal as refusal:
            response = refusal.response
        response.headers.update(_tightest(call, _WRITES))
        return response

    return respond


def body(call: Call, *required: str) -> dict[str, Any]:
    """The JSON body with these strings in it; other fields pass. Raises: Refusal."""
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("Wrong request encoding (Content-Type): application/json is expected")
    try:
        asked = call.json()
    except ValueError:
        raise invalid("Request body is not JSON") from None
    if not isinstance(asked, dict):
        raise invalid("Input must be an object")
    for name in required:
        if not isinstance(asked.get(name), str):
            raise invalid(f'Input must have the property "{name}"')
    return asked


def _spend(call: Call, windows: tuple[_Window, ...], points: int) -> Response | None:
    """What to answer where they are used up."""
    spent = {window: _spent(call, window) for window in windows}
    if any(used["used"] + points > window.limit for window, used in spent.items()):
        response = too_many_requests()
        response.headers.update(_tightest(call, windows))
        return response
    for window, used in spent.items():
        call.ledger.put("bluesky", "window", window.name, {**used, "used": used["used"] + points})
    return None


def _tightest(call: Call, windows: tuple[_Window, ...]) -> dict[str, str]:
    spent = {window: _spent(call, window) for window in windows}
    window = min(windows, key=lambda each: each.limit - spent[each]["used"])
    used = spent[window]
    return rate_headers(window.limit, window.seconds, window.limit - used["used"], used["resets"])


def _spent(call: Call, window: _Window) -> Document:
    kept = call.ledger.get("bluesky", "window", window.name)
    if kept is None or kept["resets"] <= call.now.timestamp():
        return {"used": 0, "resets": int(call.now.timestamp()) + window.seconds}
    return kept


def _token(call: Call, scope: str, lasts: timedelta) -> str:
    """A JSON Web Token (RFC 7519), which outlives the sandbox's memory as a real one outlives a restart."""
    claims = {"scope": scope, "sub": DID, "exp": int((call.now + lasts).timestamp())}
    head = ".".join(_encoded(json.dumps(part).encode()) for part in ({"typ": "at+jwt", "alg": "HS256"}, claims))
    return f"{head}.{_signature(head)}"


def _claims(token: str) -> dict[str, Any] | None:
    head, _, signature = token.rpartition(".")
    if not head or not hmac.compare_digest(signature.encode(), _signature(head).encode()):
        return None
    claims = head.partition(".")[2]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return found


def _signature(head: str) -> str:
    return _encoded(hmac.digest(_SIGNED_WITH, head.encode(), hashlib.sha256))


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
