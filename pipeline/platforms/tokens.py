"""The token endpoint: what a code brings, and newer tokens before the old ones end (RFC 6749, 4.1.3 and 6)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import Wire, as_object
from pipeline.platforms.oauth import OAuth
from pipeline.vocabulary import ErrorKind

_ENDED: Final = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "access_denied"})
"""RFC 6749, 5.2: errors that no repetition mends."""


class TokenError(Exception):
    """No token came; the message says why, without a secret.

    Attributes:
        ended: the platform won't give one for this any more: the account's owner has to be asked again.
    """

    def __init__(self, message: str, *, ended: bool) -> None:
        super().__init__(message)
        self.ended = ended


def exchange(
    oauth: OAuth,
    client: Mapping[str, str],
    code: str,
    redirect_uri: str,
    verifier: str,
    *,
    timeout_seconds: float = 30.0,
) -> dict[str, str]:
    """The credentials that a code brings: `client`'s own (`client_id`, `client_secret`) with the tokens.

    Raises:
        TokenError: none came.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if oauth.pkce:
        form["code_verifier"] = verifier
    tokens = _Tokens(oauth, client, timeout_seconds)
    credentials = {**client, **tokens.by_form(form)}
    return {**credentials, **tokens.lengthened(credentials)}


def renew(oauth: OAuth, credentials: Mapping[str, str], *, timeout_seconds: float = 30.0) -> dict[str, str]:
    """The credentials with newer tokens. What the platform did not give anew stays: not all rotate refresh tokens.

    Raises:
        TokenError: none came, and those that are there hold as long as they did.
    """
    tokens = _Tokens(oauth, credentials, timeout_seconds)
    if oauth.lengthening is not None:
        asked = {"grant_type": oauth.lengthening.renew_grant, "access_token": credentials["access_token"]}
        return {**credentials, **tokens.by_query(oauth.lengthening.renew_url, asked)}
    form = {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
    return {**credentials, **tokens.by_form(form)}


class _Tokens:
    """The token endpoint, for one client."""

    def __init__(self, oauth: OAuth, credentials: Mapping[str, str], timeout_seconds: float) -> None:
        self._oauth = oauth
        self._credentials = credentials
        account = Account("oauth", "oauth", {}, credentials=credentials, timeout_seconds=timeout_seconds)
        client = (credentials.get("client_id", ""), credentials.get("client_secret", ""))
        self._wire = Wire(account, auth=client if oauth.basic else None)

    def by_form(self, form: Mapping[str, str]) -> dict[str, str]:
        """Raises: TokenError."""
        client = {self._oauth.client_id_name: self._credentials.get("client_id", "")}
        if not self._oauth.basic and self._credentials.get("client_secret"):
            client["client_secret"] = self._credentials["client_secret"]
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self._asked(
            "POST", self._oauth.token_url, content=urlencode({**form, **client}).encode(), headers=headers
        )

    def by_query(self, url: str, query: Mapping[str, str]) -> dict[str, str]:
        """Raises: TokenError."""
        return self._asked("GET", url, params=query)

    def lengthened(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Nothing, where the platform has no longer ones. Raises: TokenError."""
        longer = self._oauth.lengthening
        if longer is None:
            return {}
        asked = {
            "grant_type": longer.exchange_grant,
            "client_secret": credentials.get("client_secret", ""),
            "access_token": credentials["access_token"],
        }
        return self.by_query(longer.exchange_url, asked)

    def _asked(self, method: str, url: str, **request: Any) -> dict[str, str]:
        try:
            answer = as_object(self._wire.call(method, url, **request).json())
        except CallError as failure:
            payload = failure.payload if isinstance(failure.payload, dict) else {}
            ended = failure.error.kind is ErrorKind.AUTH or payload.get("error") in _ENDED
            raise TokenError(failure.error.message, ended=ended) from None
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            ended = answer.get("error") in _ENDED  # TikTok says with 200 what went wrong
            raise TokenError("the answer holds no token" + (f": {answer['error']}" if ended else ""), ended=ended)
        return _read(answer, datetime.now(UTC))


def _read(answer: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The part of an answer that is kept; a token whose end is not told is without `expires_at`."""
    found = {"access_token": str(answer["access_token"])}
    if answer.get("refresh_token"):
        found["refresh_token"] = str(answer["refresh_token"])
    if isinstance(answer.get("scope"), str):
        found["scope"] = answer["scope"]
    for told, kept in (
        ("expires_in", "expires_at"),
        ("refresh_token_expires_in", "refresh_expires_at"),
        ("refresh_expires_in", "refresh_expires_at"),
    ):
        if isinstance(answer.get(told), int):
            found[kept] = (now + timedelta(seconds=answer[told])).isoformat(timespec="seconds")
    return found
