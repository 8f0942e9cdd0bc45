"""Calls of LinkedIn's REST API: their addresses, their headers, and what its refusals mean.

https://learn.microsoft.com/en-us/linkedin/marketing/versioning and
https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from pipeline.platforms.base import Account, NotSent
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Answer, Wire
from pipeline.platforms.media.source import LocalMedia
from pipeline.vocabulary import ErrorKind

API: Final = "https://api.linkedin.com"
WEB: Final = "https://www.linkedin.com"
VERSION: Final = "202607"
ORGANIZATION: Final = "urn:li:organization:"
PERSON: Final = "urn:li:person:"
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
_VERSION_SUNSET: Final = 426
_LINKEDIN: Final = re.compile(r"(?:[a-z0-9-]+\.)*linkedin\.com")
_ACCOUNTS_FAULT: Final = re.compile(r"Not enough permissions|\[/author\]")
"""In refusals of the token or its member, whatever the post says."""


class Api:
    """LinkedIn for one account. Safe to use from several threads."""

    def __init__(self, account: Account) -> None:
        config = account.publish_config
        base = str(config.get("base_url") or "").rstrip("/")
        self._account = account
        self._base = base
        self.version = str(config.get("version") or VERSION)
        self._wire = Wire(account)

    @property
    def author(self) -> str:
        """The URN of the member or the organisation. Raises: CallError: the account has none."""
        return required(self._account, self._account.publish_config, "author")

    def rest(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        restli_method: str | None = None,
        json: Any = None,
    ) -> Answer:
        """A call of the versioned API; `query` is percent-encoded already.

        Raises:
            CallError: with the account's troubles told from the post's.
        """
        headers = {
            **self._authorisation(),
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
            **({"X-RestLi-Method": restli_method} if restli_method else {}),
        }
        url = f"{self._base or API}/rest/{path}"
        if query:
            url += "?" + "&".join(f"{name}={value}" for name, value in query.items())
        try:
            return self._wire.call(method, url, headers=headers, json=json)
        except CallError as failure:
            raise _understood(failure) from None

    def userinfo(self) -> Any:
        """Raises: CallError."""
        return self._wire.call("GET", f"{self._base or API}/v2/userinfo", headers=self._authorisation()).json()

    def introspect(self) -> Any:
        """What LinkedIn knows of the token; None where the credentials lack the app's own. Raises: CallError."""
        credentials = self._account.credentials
        asked = {name: credentials.get(name, "") for name in ("client_id", "client_secret")}
        if not all(asked.values()):
            return None
        asked["token"] = required(self._account, credentials, "access_token")
        return self._wire.call(
            "POST",
            f"{self._base or WEB}/oauth/v2/introspectToken",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(asked).encode(),
        ).json()

    def put(self, url: Any, file: LocalMedia, start: int, stop: int, *, signed: bool) -> Answer:
        """Bytes of a file to an address that LinkedIn gave; `signed` ones want no token.

        Raises:
            CallError: among others, the address is not one to send anything to.
        """
        try:
            parts = urlsplit(str(url))
        except ValueError:
            raise garbled("LinkedIn gave an upload address that is none") from None
        ours = bool(self._base) and parts[:2] == urlsplit(self._base)[:2]
        if parts.scheme != "https" and not ours:
            raise garbled("LinkedIn gave an upload address without TLS")
        trusted = ours or bool(_LINKEDIN.fullmatch(parts.hostname or ""))
        headers = {"Content-Type": "application/octet-stream"}
        if not signed and trusted:
            headers |= self._authorisation()
        return self._wire.call("PUT", str(url), headers=headers, content=file.chunks(start, stop), size=stop - start)

    def _authorisation(self) -> dict[str, str]:
        """Raises: CallError."""
        return {"Authorization": f"Bearer {required(self._account, self._account.credentials, 'access_token')}"}


def in_url(urn: str) -> str:
    return quote(urn, safe="")


def list_of(urns: Iterable[str]) -> str:
    """As Rest.li 2.0 has it in a query."""
    return f"List({','.join(map(in_url, urns))})"


def next_day(now: datetime) -> datetime:
    """When LinkedIn's daily limits begin anew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)


def input_errors(failure: CallError) -> Sequence[str]:
    """The codes by which LinkedIn says what it did not like in the request."""
    payload = failure.payload if isinstance(failure.payload, dict) else {}
    details = payload.get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    found = [each.get("code") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return [str(code) for code in (payload.get("code"), *found) if code]


def _understood(failure: CallError) -> CallError:
    error = failure.error
    if error.http_status == _VERSION_SUNSET:
        advice = f"{error.message}: raise the account's setting `version`"
        return CallError(NotSent(replace(error, kind=ErrorKind.AUTH, message=advice)), failure.payload)
    if error.http_status == FORBIDDEN and _ACCOUNTS_FAULT.search(error.message):
        return CallError(failure.as_unauthorised(), failure.payload)
    if error.kind is ErrorKind.RATE_LIMITED and " DAY limit" in error.message:
        return CallError(NotSent(error, next_day(datetime.now(UTC))), failure.payload)
    return failure
