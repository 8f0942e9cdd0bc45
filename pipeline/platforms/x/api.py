"""Calls to X's API: signed by the account, and failures read as X means them."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import tweepy
from requests import Response

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_object
from pipeline.platforms.sdk import WireSession, json_of

for _name in ("tweepy", "oauthlib", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at DEBUG they log tokens and signatures

_ADDRESS: Final = "https://api.x.com"
_WEB_ADDRESS: Final = "https://x.com"
_OAUTH_1_KEYS: Final = ("api_key", "api_secret", "access_token", "access_secret")
_ACCOUNT_PROBLEMS: Final = ("oauth1-permissions", "client-forbidden")
"""Refusals of the token or the app, whatever is asked."""
_ID: Final = re.compile(r"[0-9]{1,19}")
_EPOCH_MS: Final = 1_288_834_974_657
"""From where X's ids count milliseconds, in their bits above the lowest 22."""


class Api:
    """X for one account: with OAuth 1.0a, or with a bearer token of OAuth 2.0 where the credentials hold no more."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._address = str(account.publish_config.get("base_url") or _ADDRESS).rstrip("/")

    def page(self, id_: str) -> str:
        """Where people see a post."""
        web = _WEB_ADDRESS if self._address == _ADDRESS else self._address
        return f"{web}/i/status/{id_}"

    def ask(self, method: str, route: str, **request: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return as_object(json_of(self.call(method, route, **request)))

    def call(self, method: str, route: str, **request: Any) -> Response:
        """Raises: CallError."""
        try:
            return self._session.request(method, self._address + route, auth=self._auth, **request)
        except CallError as failure:
            if failure.error.code == "usage-capped":
                raise CallError(failure.as_rate_limited(), failure.payload) from None
            if failure.error.code in _ACCOUNT_PROBLEMS:
                raise CallError(failure.as_unauthorised(), failure.payload) from None
            raise

    @cached_property
    def user_id(self) -> str:
        """Raises: CallError."""
        known = self._account.publish_config.get("user_id")
        return str(known) if known else id_of(self.ask("GET", "/2/users/me").get("data"))

    @cached_property
    def _session(self) -> WireSession:
        return WireSession(Wire(self._account))

    @cached_property
    def _auth(self) -> Any:
        """Raises: CallError: a key is missing."""
        credentials = self._account.credentials
        alone = "access_token" in credentials and not any(name in credentials for name in _OAUTH_1_KEYS[:2])
        bearer = credentials.get("oauth2_access_token") or (credentials["access_token"] if alone else None)
        if bearer:
            return tweepy.OAuth2BearerHandler(bearer).apply_auth()
        keys = (required(self._account, credentials, name) for name in _OAUTH_1_KEYS)
        return tweepy.OAuth1UserHandler(*keys).apply_auth()


def id_of(thing: Any) -> str:
    """Raises: CallError: it has none."""
    id_ = thing.get("id") if isinstance(thing, Mapping) else None
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise garbled("X's answer has no id")
    return id_


def made_at(id_: str) -> datetime:
    """When X gave out an id, which is when the post was made."""
    return datetime.fromtimestamp(((int(id_) >> 22) + _EPOCH_MS) / 1000, UTC)
