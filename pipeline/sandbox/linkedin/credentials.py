"""The app's keys and the tokens it was given, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ORGANIZATION_URN: Final = "urn:li:organization:1000001"
PERSON_URN: Final = "urn:li:person:sandbox-01"

_APP: Final = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
ORGANIZATION: Final[Mapping[str, str]] = {**_APP, "access_token": "sandbox-organization-token"}
"""An administrator's token, for the organisation."""
MEMBER: Final[Mapping[str, str]] = {**_APP, "access_token": "sandbox-member-token"}
"""A member's token, for the member."""
READ_ONLY: Final[Mapping[str, str]] = {**_APP, "access_token": "sandbox-read-only-token"}
"""The organisation's, from when the app might only read."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is for: `actor` is whom it may speak for."""

    value: str
    actor: str
    scopes: tuple[str, ...]


TOKENS: Final = (
    Token(
        ORGANIZATION["access_token"],
        ORGANIZATION_URN,
        ("r_organization_social", "rw_organization_admin", "w_organization_social"),
    ),
    Token(MEMBER["access_token"], PERSON_URN, ("openid", "profile", "r_member_postAnalytics", "w_member_social")),
    Token(READ_ONLY["access_token"], ORGANIZATION_URN, ("r_organization_social", "rw_organization_admin")),
)
