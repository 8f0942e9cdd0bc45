"""AWS's Signature Version 4 for S3, in the Authorization header. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

EMPTY: Final = hashlib.sha256(b"").hexdigest()
"""The digest of a request without a body."""
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the requests of one access key to one region; `session_token` is a temporary key's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    session_token: str | None = field(default=None, repr=False)

    def signed(self, method: str, url: str, headers: Mapping[str, str], sha256: str, now: datetime) -> dict[str, str]:
        """The headers to send: the given ones, all of them signed, and those that the signature needs.

        `url` is already percent-encoded, its query's names in alphabetical order; `sha256` is the body's digest in
        hexadecimal.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        sent |= {"host": _host(url), "x-amz-content-sha256": sha256, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}"}
        if self.session_token:
            sent["x-amz-security-token"] = self.session_token
        names = ";".join(sorted(sent))
        scope = f"{now:%Y%m%d}/{self.region}/s3/aws4_request"
        request = _canonical(method, url, sent, names, sha256)
        words = "\n".join((_ALGORITHM, sent["x-amz-date"], scope, hashlib.sha256(request.encode()).hexdigest()))
        signature = hmac.digest(self._key(now), words.encode(), "sha256").hex()
        sent["authorization"] = (
            f"{_ALGORITHM} Credential={self.access_key_id}/{scope},SignedHeaders={names},Signature={signature}"
        )
        return sent

    def _key(self, now: datetime) -> bytes:
        """Good for a day, a region and a service."""
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (f"{now:%Y%m%d}", self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def query_string(parameters: Mapping[str, str]) -> str:
    """As the signature wants it: in alphabetical order, all but the unreserved characters percent-encoded."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(parameters[name], safe='-_.~')}" for name in sorted(parameters))


def _canonical(method: str, url: str, headers: Mapping[str, str], names: str, sha256: str) -> str:
    parts = urlsplit(url)
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers))
    return "\n".join((method, parts.path or "/", parts.query, lines, names, sha256))


def _host(url: str) -> str:
    """As HTTP clients send it: without the port that the scheme implies."""
    parts = urlsplit(url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return name if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{name}:{parts.port}"
