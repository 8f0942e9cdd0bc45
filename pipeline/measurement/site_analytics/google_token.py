"""An access token for a Google service account, by its key (RFC 7523).

https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from pipeline.platforms.base import Account, NotSent, PlatformError
from pipeline.platforms.failures import CallError, required
from pipeline.platforms.http import Wire, as_object
from pipeline.vocabulary import ErrorKind

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_SECONDS: Final = 3600
"""The longest that Google lets an assertion be good for."""


def access_token(account: Account, wire: Wire, scope: str, address: str | None = None) -> str:
    """A token of the account's service account, for one hour; from `address` instead of where its key file says.

    Raises:
        CallError: Google gave none, or the key can't be used.
    """
    credentials = account.credentials
    address = address or credentials.get("token_uri") or _TOKEN_URI
    now = int(time.time())
    claims = {
        "iss": required(account, credentials, "client_email"),
        "scope": scope,
        "aud": address,
        "iat": now,
        "exp": now + _SECONDS,
    }
    assertion = _signed(claims, required(account, credentials, "private_key"))
    answer = wire.call(
        "POST",
        address,
        content=urlencode({"grant_type": _GRANT, "assertion": assertion}).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return str(as_object(answer.json())["access_token"])


def _signed(claims: Mapping[str, object], private_key: str) -> str:
    """A JSON Web Token, RS256 (RFC 7515). Raises: CallError: the key is none of RSA."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        # Without an excerpt: it is the secret.
        message = "the credentials' private_key is not the RSA key of a Google service account"
        raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message)))
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
