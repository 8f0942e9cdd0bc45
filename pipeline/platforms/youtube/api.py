"""Calls to YouTube on behalf of one account: which host, with which token, and what a refusal means."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Answer, Wire, as_list, as_object
from pipeline.platforms.youtube.refusals import explained

DATA: Final = "https://youtube.googleapis.com"
ANALYTICS: Final = "https://youtubeanalytics.googleapis.com"
ACCOUNTS: Final = "https://www.googleapis.com"
"""The hosts; the setting `base_url` replaces them all."""
VIDEOS: Final = "/youtube/v3/videos"
UPLOAD: Final = f"/resumable/upload{VIDEOS}"
LIST: Final = "youtube#videoListResponse"
"""What a list of videos calls itself."""


class Api:
    """Safe to use from several threads."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._base_url = str(account.publish_config.get("base_url") or "").rstrip("/")

    def address(self, path: str, host: str = DATA) -> str:
        return f"{self._base_url or host}{path}"

    def trusts(self, url: str) -> bool:
        """Whether an address that YouTube told may be given the token: on the host it came from, or Google's."""
        try:
            told, own = httpx.URL(url), httpx.URL(self.address(UPLOAD))
        except httpx.InvalidURL:
            return False
        if (told.scheme, told.host, told.port) == (own.scheme, own.host, own.port):
            return True
        return not self._base_url and told.scheme == "https" and told.host.endswith(".googleapis.com")

    def call(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **request: Any) -> Answer:
        """Raises: CallError: as `Wire.call`, in YouTube's words."""
        token = required(self._account, self._account.credentials, "access_token")
        try:
            return self._wire.call(
                method, url, headers={**(headers or {}), "Authorization": f"Bearer {token}"}, **request
            )
        except CallError as failure:
            raise self._wire.refused(explained(failure, datetime.now(UTC)), failure.payload) from None

    def ask(self, method: str, path: str, *, host: str = DATA, **request: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return as_object(self.call(method, self.address(path, host), **request).json())

    def items(self, path: str, kind: str, **params: Any) -> list[dict[str, Any]]:
        """The things of a list. Raises: CallError: among others, what came is no list of that kind."""
        return items_of(self.ask("GET", path, params=params), kind)

    def scopes(self) -> frozenset[str]:
        """What the token allows. Raises: CallError."""
        token = required(self._account, self._account.credentials, "access_token")
        told = as_object(
            self._wire.call(
                "POST",
                self.address("/oauth2/v1/tokeninfo", ACCOUNTS),
                # In the body: addresses end up in logs.
                content=urlencode({"access_token": token}).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            ).json()
        )
        return frozenset(str(told.get("scope") or "").split())

    @cached_property
    def _wire(self) -> Wire:
        return Wire(self._account)


def items_of(answer: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """What a list holds; it may leave out that it holds nothing, and so must say what it is.

    Raises:
        CallError: it is something else.
    """
    if answer.get("kind") != kind:
        raise garbled(f"the answer is no {kind}")
    return as_list(answer.get("items", []))
