"""The log-in page and the token endpoint that stand-ins with OAuth 2.0 share (RFC 6749, 7636). Strict, with rotation.

One app is known, and one user, who says yes by a click. The access token is the stand-in's only one; refresh tokens
are used up by being used.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from enum import StrEnum
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipeline.sandbox.service import Call, Endpoint, Refusal

CLIENT: Final = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
_LIFE: Final = timedelta(days=60)
"""The longest that a platform gives: what is renewed well before its end need not be at once."""
_CODE_LIFE: Final = timedelta(minutes=1)
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Connect · Pressroom sandbox</title>
<h1>Connect the sandbox account?</h1><p>The app asks for: {scope}</p>
<form method="post" action="?{query}"><button name="answer" value="yes">Yes</button>
<button name="answer" value="no">No</button></form></html>"""


class Challenge(StrEnum):
    """How the digest of the proof key is written; NONE: it is not asked for."""

    NONE = "none"
    BASE64URL = "base64url"
    HEX = "hex"


def endpoints(
    access_token: str,
    *,
    client_id_name: str = "client_id",
    challenge: Challenge = Challenge.BASE64URL,
    lengthens: bool = False,
) -> list[Endpoint]:
    """Those of one stand-in, below `/oauth`; where it `lengthens` tokens, they renew themselves as Instagram's do."""
    grants = _Grants(access_token, client_id_name, challenge)
    shared = [
        Endpoint("GET", "/oauth/authorize", grants.ask),
        Endpoint("POST", "/oauth/authorize", grants.answer),
        Endpoint("POST", "/oauth/token", grants.token),
    ]
    if not lengthens:
        return shared
    return [
        *shared,
        Endpoint("GET", "/oauth/access_token", grants.lengthen),
        Endpoint("GET", "/oauth/refresh_access_token", grants.lengthen),
    ]


class _Grants:
    def __init__(self, access_token: str, client_id_name: str, challenge: Challenge) -> None:
        self._access_token = access_token
        self._client_id_name = client_id_name
        self._challenge = challenge

    def ask(self, call: Call) -> Response:
        query = self._question(call)
        return HTMLResponse(_PAGE.format(scope=escape(query.get("scope", "")), query=escape(urlencode(query))))

    def answer(self, call: Call) -> Response:
        query = self._question(call)
        if dict(parse_qsl(call.body.decode())).get("answer") != "yes":
            told = {"error": "access_denied", "error_description": "The user said no"}
        else:
            code = secrets.token_urlsafe(16)
            kept = {"query": query, "until": (call.now + _CODE_LIFE).timestamp()}
            call.ledger.put(call.platform, "oauth code", code, kept)
            told = {"code": code}
        back = urlencode({**told, "state": query.get("state", "")})
        return RedirectResponse(f"{query['redirect_uri']}?{back}", 302)

    def token(self, call: Call) -> Response:
        form = dict(parse_qsl(call.body.decode()))
        if not self._is_known(call, form):
            return _refused("invalid_client", 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(call, form)
            case "refresh_token":
                return self._by_refresh_token(call, form)
        return _refused("unsupported_grant_type")

    def lengthen(self, call: Call) -> Response:
        """A token for a longer one, or for a newer."""
        query = call.request.query_params
        if query.get("access_token") != self._access_token:
            return _refused("invalid_grant")
        exchanged = query.get("grant_type") == "ig_exchange_token" and query.get("client_secret")
        if not exchanged and query.get("grant_type") != "ig_refresh_token":
            return _refused("unsupported_grant_type")
        seconds = int(_LIFE.total_seconds())
        return JSONResponse({"access_token": self._access_token, "token_type": "bearer", "expires_in": seconds})

    def _question(self, call: Call) -> dict[str, str]:
        """Raises: Refusal."""
        query = dict(call.request.query_params)
        wanted = {"response_type": "code", self._client_id_name: CLIENT["client_id"]}
        challenged = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        fits = all(query.get(name) == value for name, value in wanted.items())
        proof = challenged or self._challenge is Challenge.NONE
        if not fits or not query.get("redirect_uri") or not query.get("state") or not proof:
            raise Refusal(_refused("invalid_request"))
        return query

    def _is_known(self, call: Call, form: dict[str, str]) -> bool:
        given = form.get(self._client_id_name, ""), form.get("client_secret", "")
        scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
            given = client_id, secret
        return hmac.compare_digest(":".join(given), ":".join(CLIENT.values()))

    def _by_code(self, call: Call, form: dict[str, str]) -> Response:
        kept = call.ledger.get(call.platform, "oauth code", form.get("code", ""))
        if kept is None or kept.get("used") or kept["until"] < call.now.timestamp():
            return _refused("invalid_grant")
        call.ledger.put(call.platform, "oauth code", form["code"], {**kept, "used": True})
        query = kept["query"]
        if form.get("redirect_uri") != query["redirect_uri"] or not self._is_proven(form, query):
            return _refused("invalid_grant")
        return self._given(call, query.get("scope", ""))

    def _is_proven(self, form: dict[str, str], query: dict[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        match self._challenge:
            case Challenge.NONE:
                return True
            case Challenge.HEX:
                return digest.hex() == query.get("code_challenge")
            case Challenge.BASE64URL:
                return base64.urlsafe_b64encode(digest).decode().rstrip("=") == query.get("code_challenge")

    def _by_refresh_token(self, call: Call, form: dict[str, str]) -> Response:
        kept = call.ledger.get(call.platform, "oauth refresh", form.get("refresh_token", ""))
        if kept is None or kept.get("used"):
            return _refused("invalid_grant")
        call.ledger.put(call.platform, "oauth refresh", form["refresh_token"], {**kept, "used": True})
        return self._given(call, kept["scope"])

    def _given(self, call: Call, scope: str) -> Response:
        refresh_token = f"sandbox-refresh-{secrets.token_urlsafe(16)}"
        call.ledger.put(call.platform, "oauth refresh", refresh_token, {"scope": scope})
        told: dict[str, Any] = {
            "access_token": self._access_token,
            "token_type": "bearer",
            "expires_in": int(_LIFE.total_seconds()),
            "refresh_token": refresh_token,
            "scope": scope,
        }
        return JSONResponse(told)


def _refused(error: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": f"Refused: {error}"}, status)
