"""Whom a token speaks for, what it may do and until when; the last two are told to the app's own keys alone.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.platforms.base import Identity, NotSent, PlatformError
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_object
from pipeline.platforms.linkedin.api import ORGANIZATION, PERSON, Api, in_url
from pipeline.vocabulary import ErrorKind

_ORGANIZATIONS: Final = ("w_organization_social", "r_organization_social")
_MEMBERS: Final = ("w_member_social",)
"""What publishing needs; figures need more, and the account does without."""


def of_organization(api: Api) -> Identity:
    """Told to its administrators only. Raises: CallError."""
    number = api.author.removeprefix(ORGANIZATION)
    organization = as_object(api.rest("GET", f"organizations/{in_url(number)}").json())
    return _identity(api, str(organization.get("localizedName")), _ORGANIZATIONS)


def of_member(api: Api) -> Identity:
    """Raises: CallError: among others, the token is another member's."""
    user = as_object(api.userinfo())
    if f"{PERSON}{user.get('sub')}" != api.author:
        raise _refused(f"the token is not that of {api.author}", "another_member")
    return _identity(api, str(user.get("name")), _MEMBERS)


def _identity(api: Api, name: str, needed: Sequence[str]) -> Identity:
    """Raises: CallError: among others, the token has ended."""
    answer = api.introspect()
    if answer is None:
        return Identity(name)
    token: Mapping[str, Any] = as_object(answer)
    if token.get("active") is False:
        raise _refused(f"LinkedIn says that the token is {token.get('status') or 'not active'}", "not_active")
    held = [scope for scope in re.split(r"[\s,]+", str(token.get("scope") or "")) if scope]
    missing = tuple(scope for scope in needed if scope not in held) if held else ()
    return Identity(name, missing, _moment(token.get("expires_at")))


def _refused(message: str, code: str) -> CallError:
    return CallError(NotSent(PlatformError(ErrorKind.AUTH, message, code)))


def _moment(seconds: Any) -> datetime | None:
    """Of seconds since 1970; None where they are none."""
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
