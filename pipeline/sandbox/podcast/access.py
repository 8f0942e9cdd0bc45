"""Who is calling: AWS's Signature Version 4 in the Authorization header, as S3 reads it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote

from pipeline.sandbox.podcast.credentials import ACCESS, REGION
from pipeline.sandbox.podcast.errors import refusal
from pipeline.sandbox.service import Call

_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/,]+)/s3/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MOST_SKEW: Final = timedelta(minutes=15)
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"


def require(call: Call) -> None:
    """Raises: Refusal: the request is not signed by the owner of the bucket, or is not what was signed."""
    given = call.request.headers.get("authorization")
    if given is None:
        raise refusal(403, "AccessDenied", "Access Denied")
    found = _HEADER.fullmatch(given)
    if found is None:
        raise refusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.")
    if found["key"] != ACCESS["access_key_id"]:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise refusal(403, "InvalidAccessKeyId", message, AWSAccessKeyId=found["key"])
    if found["region"] != REGION:
        message = f"The region '{found['region']}' is wrong; expecting '{REGION}'"
        raise refusal(400, "AuthorizationHeaderMalformed", message, Region=REGION)
    signed = found["headers"].split(";")
    _require_time(call, found["date"])
    _require_all_signed(call, signed)
    payload = _payload(call)
    scope = f"{found['date']}/{REGION}/s3/aws4_request"
    words = "\n".join(
        ("AWS4-HMAC-SHA256", call.request.headers["x-amz-date"], scope, _digest(_canonical(call, signed, payload)))
    )
    if not hmac.compare_digest(found["signature"], _signature(found["date"], words)):
        message = "The request signature we calculated does not match the signature you provided."
        raise refusal(403, "SignatureDoesNotMatch", message, StringToSign=words, SignatureProvided=found["signature"])


def _require_time(call: Call, date: str) -> None:
    """Raises: Refusal."""
    stamp = call.request.headers.get("x-amz-date", "")
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise refusal(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if not stamp.startswith(date):
        raise refusal(400, "AuthorizationHeaderMalformed", "The date in the credential scope is another.")
    if abs(call.now - moment) > _MOST_SKEW:
        message = "The difference between the request time and the current time is too large."
        raise refusal(403, "RequestTimeTooSkewed", message)


def _require_all_signed(call: Call, signed: Sequence[str]) -> None:
    """Raises: Refusal."""
    needed = {"host", *(name for name in call.request.headers if name.startswith("x-amz-"))}
    if left_out := sorted(needed - set(signed)):
        message = "There were headers present in the request which were not signed"
        raise refusal(403, "AccessDenied", message, HeadersNotSigned=", ".join(left_out))


def _payload(call: Call) -> str:
    """What the caller says of the body, in the words it signed. Raises: Refusal: it is not so."""
    said = call.request.headers.get("x-amz-content-sha256")
    if said is None:
        message = "Missing required header for this request: x-amz-content-sha256"
        raise refusal(400, "InvalidRequest", message)
    if said not in (_UNSIGNED, hashlib.sha256(call.body).hexdigest()):
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise refusal(400, "XAmzContentSHA256Mismatch", message)
    return said


def _canonical(call: Call, signed: Sequence[str], payload: str) -> str:
    scope = call.request.scope
    path = quote(unquote(scope["raw_path"].decode()), safe="/-_.~")
    pairs = [pair.partition("=") for pair in scope["query_string"].decode().split("&") if pair]
    query = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    headers = [f"{name}:{' '.join(call.request.headers.get(name, '').split())}\n" for name in signed]
    asked = "&".join(f"{name}={value}" for name, value in query)
    return "\n".join((call.request.method, path, asked, "".join(headers), ";".join(signed), payload))


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _signature(date: str, words: str) -> str:
    key = f"AWS4{ACCESS['secret_access_key']}".encode()
    for part in (date, REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, words.encode(), "sha256").hex()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
