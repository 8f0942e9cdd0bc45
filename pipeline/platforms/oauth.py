"""OAuth 2.0 as the platforms have it: how an account is connected, and the link that asks its owner. Pure.

The authorization-code grant of RFC 6749 (4.1) with the proof key of RFC 7636. Where a platform departs from it, its
adapter says how in its `OAuth`.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Lengthening:
    """How a short token becomes a long one, and a long one a newer: by GET, with the token itself.

    Instagram's: developers.facebook.com/docs/instagram-platform/reference/access_token and …/refresh_access_token.
    """

    exchange_url: str
    exchange_grant: str
    renew_url: str
    renew_grant: str


@dataclass(frozen=True, slots=True)
class OAuth:
    """One platform's way of connecting an account.

    Attributes:
        renew_before: how long before its end a token is renewed.
        client_id_name: TikTok's is `client_key`.
        hex_challenge: the challenge is in hexadecimal, against RFC 7636: TikTok's.
        basic: the client proves itself by HTTP Basic, not in the form.
        asks: what else the link says, such as Google's access_type=offline, without which no refresh token comes.
        loopback: the platform sends people back to http://127.0.0.1; else they paste the address they were sent to.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    renew_before: timedelta
    pkce: bool = True
    client_id_name: str = "client_id"
    scope_separator: str = " "
    basic: bool = False
    hex_challenge: bool = False
    asks: Mapping[str, str] = field(default_factory=dict)
    loopback: bool = True
    lengthening: Lengthening | None = None

    def under(self, url: str) -> "OAuth":
        """The same at another address, for a stand-in."""
        root = url.rstrip("/")
        longer = self.lengthening and replace(
            self.lengthening, exchange_url=f"{root}/access_token", renew_url=f"{root}/refresh_access_token"
        )
        return replace(self, authorize_url=f"{root}/authorize", token_url=f"{root}/token", lengthening=longer)


def authorize_link(oauth: OAuth, client_id: str, redirect_uri: str, *, state: str, verifier: str) -> str:
    """Where the account's owner says yes. `verifier` is 43 to 128 characters that only we know (RFC 7636, 4.1)."""
    asked = {
        "response_type": "code",
        oauth.client_id_name: client_id,
        "redirect_uri": redirect_uri,
        "scope": oauth.scope_separator.join(oauth.scopes),
        "state": state,
        **oauth.asks,
    }
    if oauth.pkce:
        digest = hashlib.sha256(verifier.encode()).digest()
        encoded = digest.hex() if oauth.hex_challenge else base64.urlsafe_b64encode(digest).decode().rstrip("=")
        asked |= {"code_challenge": encoded, "code_challenge_method": "S256"}
    return f"{oauth.authorize_url}?{urlencode(asked)}"


def is_renewable(oauth: OAuth, credentials: Mapping[str, str]) -> bool:
    """Whether newer tokens can be had for them without their owner."""
    wanted = ("access_token", "expires_at") if oauth.lengthening else ("refresh_token", "expires_at", "client_id")
    return all(credentials.get(name) for name in wanted)


def expiry(credentials: Mapping[str, str]) -> datetime | None:
    """When the access token ends; None where that is not known."""
    try:
        return datetime.fromisoformat(credentials["expires_at"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
