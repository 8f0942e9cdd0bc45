"""Calls to the Graph API, and what its errors mean: their codes tell, since nearly all of them are a 400.

Codes and subcodes: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from pipeline.platforms.base import Account, NotSent, PlatformError, Rejected, Unknown
from pipeline.platforms.failures import CallError, Refusal, classify_status, garbled, required
from pipeline.platforms.http import Wire, as_object
from pipeline.platforms.limits import retry_time
from pipeline.vocabulary import ErrorKind

ADDRESS: Final = "https://graph.instagram.com"
"""For a token of Instagram Login."""
FACEBOOK_LOGIN_ADDRESS: Final = "https://graph.facebook.com"
VERSION: Final = "v25.0"
UNKNOWN_OBJECT: Final = "100/33"
"""It isn't there, may not be seen, or can't be asked that: the API has one code for all three."""
NO_SUCH_CONTAINER: Final = ("24/2207006", "24/2207008")
_REFUSALS: Final = range(400, 500)
_THROTTLED: Final = (4, 17, 32, 613, 80002)
_UNAUTHORISED: Final = (3, 10, 102, 190, 368, *range(200, 300))
_FAILING: Final = (1, 2)
Meaning = tuple[type[Refusal], ErrorKind]
_AMBIGUOUS: Final[Meaning] = (Unknown, ErrorKind.UNAVAILABLE)
ANOTHER_CONTAINER: Final[Meaning] = (NotSent, ErrorKind.UNAVAILABLE)
"""This container will not be published; a new one may."""
_SUBCODES: Final[Mapping[int, Meaning]] = {
    2207001: _AMBIGUOUS,  # Instagram's server failed
    2207003: ANOTHER_CONTAINER,  # the file took too long to fetch
    2207006: ANOTHER_CONTAINER,  # the container can't be found
    2207008: _AMBIGUOUS,  # the container could not be published just now
    2207020: ANOTHER_CONTAINER,  # the container is older than a day
    2207027: (NotSent, ErrorKind.PENDING),
    2207032: ANOTHER_CONTAINER,  # the container could not be made
    2207042: (NotSent, ErrorKind.RATE_LIMITED),
    2207050: (NotSent, ErrorKind.AUTH),  # the account is restricted until somebody signs in
    2207051: (Rejected, ErrorKind.POLICY),  # taken for spam
    2207052: ANOTHER_CONTAINER,  # the file could not be fetched
    2207053: ANOTHER_CONTAINER,  # the upload failed, nobody knows why
    33: (NotSent, ErrorKind.AUTH),  # the account is not there, or the token is not for it
}


class Graph:
    """The API for one account. Answers are objects, and failures say what the API's codes mean."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.host = str(account.publish_config.get("base_url") or ADDRESS).rstrip("/")
        self._address = f"{self.host}/{account.publish_config.get('api_version') or VERSION}"
        self._wire = Wire(account)

    def get(self, node: str, edge: str | None = None, /, **query: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return self._call("GET", node, edge, params=query)

    def post(self, node: str, edge: str, /, **parameters: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return self._call("POST", node, edge, json=parameters)

    def delete(self, node: str) -> dict[str, Any]:
        """Raises: CallError."""
        return self._call("DELETE", node)

    def _call(self, method: str, node: str, edge: str | None = None, **request: Any) -> dict[str, Any]:
        """Raises: CallError."""
        path = "/".join(quote(part, safe="") for part in (node, edge) if part)
        url = f"{self._address}/{path}"
        answer = self._wire.call(method, url, headers=self._headers, statuses=_REFUSALS, **request)
        if answer.status in _REFUSALS:
            try:
                payload = answer.json()
            except CallError:
                payload = None
            refusal = refusal_of(answer.status, answer.headers, payload, datetime.now(UTC))
            raise self._wire.refused(refusal, payload)
        return as_object(answer.json())

    @cached_property
    def _headers(self) -> dict[str, str]:
        token = required(self._account, self._account.credentials, "access_token")
        return {"Authorization": f"Bearer {token}"}


def publishing_scope(address: str) -> str:
    """The name of the permission to publish, which differs from log-in to log-in, and so from host to host."""
    is_facebook_login = urlsplit(address).hostname == urlsplit(FACEBOOK_LOGIN_ADDRESS).hostname
    return "instagram_content_publish" if is_facebook_login else "instagram_business_content_publish"


def id_of(thing: Mapping[str, Any]) -> str:
    """Raises: CallError: it has none."""
    id_ = thing.get("id")
    if not isinstance(id_, str) or not id_.isdecimal():
        raise garbled("Instagram's answer has no id")
    return id_


def refusal_of(status: int, headers: Mapping[str, str], payload: Any, now: datetime) -> Refusal:
    """What a 4xx means: by the API's codes where they are known, else by its status."""
    by_status = classify_status(status, headers, payload, now)
    found = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(found, dict):
        return by_status
    code, subcode = found.get("code"), found.get("error_subcode")
    known = _meaning(code, subcode, is_transient=found.get("is_transient") is True)
    outcome, kind = known or (type(by_status), by_status.error.kind)
    said = found.get("error_user_msg") or found.get("message")
    message = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    named = "/".join(str(each) for each in (code, subcode) if each is not None)
    error = PlatformError(kind, message, named or None, status)
    if kind is ErrorKind.RATE_LIMITED:
        return NotSent(error, _regained_at(httpx.Headers(headers), now))
    return outcome(error)


def meaning_of(subcode: int | None) -> Meaning:
    """What a subcode alone means, as a failed container tells it; else it is the content's fault."""
    content = Rejected, ErrorKind.VALIDATION
    return content if subcode is None else _SUBCODES.get(subcode, content)


def _meaning(code: Any, subcode: Any, *, is_transient: bool) -> Meaning | None:
    if isinstance(subcode, int) and subcode in _SUBCODES:
        return _SUBCODES[subcode]
    if code in _THROTTLED:
        return NotSent, ErrorKind.RATE_LIMITED
    if code in _UNAUTHORISED:
        return NotSent, ErrorKind.AUTH
    return _AMBIGUOUS if code in _FAILING or is_transient else None


def _regained_at(headers: httpx.Headers, now: datetime) -> datetime | None:
    """When the account may call again, which is told in minutes; None where it isn't.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting
    """
    try:
        usage = json.loads(headers.get("x-business-use-case-usage", ""))
        told = [int(each["estimated_time_to_regain_access"]) for uses in usage.values() for each in uses]
        regained = now + timedelta(minutes=max(told, default=0))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        regained = now
    return regained if regained > now else retry_time(headers, now)
