"""Google Analytics 4: a token for a service account's signed assertion, and `runReport` of the Data API v1beta."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.analytics.readers import ENDPOINT, Readers, between
from pipeline.sandbox.service import Call, Endpoint, Refusal, StandIn

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PROPERTY: Final = "4711"
TOKEN: Final = "sandbox-ga4-token"  # noqa: S105 - good in the sandbox alone
_EMAIL: Final = "reader@sandbox.invalid"
# As in the key file that Google gives for a service account. The key opens the sandbox and nothing else.
CREDENTIALS: Final = {
    "client_email": _EMAIL,
    "private_key": files("pipeline.sandbox.analytics").joinpath("service_account.pem").read_text(),
}
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE: Final = "https://www.googleapis.com/auth/analytics.readonly"
_PAGE, _ENTRY = "pagePath", "landingPage"
_SMALL: Final = 2
"""Fewer users than this, and Google keeps a row to itself, to protect who they are."""
_FIGURES: Final[Mapping[str, Callable[[Readers], Any]]] = {
    "screenPageViews": lambda each: each.views,
    "totalUsers": lambda each: each.visitors,
    "userEngagementDuration": lambda each: round(each.seconds),
    "sessions": lambda each: each.entries,
    "bounceRate": lambda each: each.bounces / each.entries if each.entries else 0,
}
_DIMENSIONS: Final[Mapping[str, Callable[[Readers], str]]] = {
    "date": lambda each: f"{each.date:%Y%m%d}",
    _PAGE: lambda each: each.path,
    _ENTRY: lambda each: each.path,
    "hostName": lambda each: each.host,
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Range(_Strict):
    startDate: date  # noqa: N815 - Google's names
    endDate: date  # noqa: N815


class _Named(_Strict):
    name: str


class _Values(_Strict):
    values: list[str] = Field(min_length=1)


class _Filter(_Strict):
    fieldName: str  # noqa: N815
    inListFilter: _Values  # noqa: N815


class _Expression(_Strict):
    filter: _Filter


class _Group(_Strict):
    expressions: list[_Expression]


class _Where(_Strict):
    andGroup: _Group  # noqa: N815


class _Query(_Strict):
    dateRanges: list[_Range] = Field(min_length=1, max_length=1)  # noqa: N815
    dimensions: list[_Named] = Field(max_length=9)
    metrics: list[_Named] = Field(min_length=1, max_length=10)
    dimensionFilter: _Where | None = None  # noqa: N815
    orderBys: list[dict[str, dict[str, str]]] = []  # noqa: N815
    limit: int = Field(default=10_000, ge=1, le=250_000)
    offset: int = Field(default=0, ge=0)


def token(call: Call) -> Response:
    """An access token, where the assertion is signed by the account's key and says what it has to."""
    given = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if given.get("grant_type") != _GRANT:
        raise _no_grant("unsupported_grant_type", "Invalid grant_type")
    claims = _claims(given.get("assertion", ""))
    if claims.get("iss") != _EMAIL or claims.get("scope") != _SCOPE or claims.get("aud") != call.link("/ga4/token"):
        raise _no_grant("invalid_grant", "Invalid JWT: claims")
    if not call.now.timestamp() - 60 < claims.get("exp", 0) <= call.now.timestamp() + 3660:
        raise _no_grant("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
    return JSONResponse({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def run_report(call: Call) -> Response:
    if call.request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise _refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
    if call.request.path_params["property"] != PROPERTY:
        raise _refusal(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property.")
    try:
        asked = _Query.model_validate_json(call.body)
    except ValidationError as error:
        raise _refusal(400, "INVALID_ARGUMENT", str(error.errors()[0]["loc"])) from None
    dimensions, metrics = [each.name for each in asked.dimensions], [each.name for each in asked.metrics]
    if unknown := {*dimensions} - _DIMENSIONS.keys() | {*metrics} - _FIGURES.keys():
        raise _refusal(400, "INVALID_ARGUMENT", f"Field {unknown.pop()} is not a valid field.")
    days = asked.dateRanges[0]
    clauses = asked.dimensionFilter.andGroup.expressions if asked.dimensionFilter else []
    meant = [
        each
        for each in between(call.ledger, days.startDate, days.endDate)
        if (each.entries if _ENTRY in dimensions else each.views)
        and all(_DIMENSIONS[one.filter.fieldName](each) in one.filter.inListFilter.values for one in clauses)
    ]
    shown = [each for each in meant if each.visitors >= _SMALL]
    rows = [
        {
            "dimensionValues": [{"value": _DIMENSIONS[name](each)} for name in dimensions],
            "metricValues": [{"value": str(_FIGURES[name](each))} for name in metrics],
        }
        for each in shown
    ]
    answer: dict[str, Any] = {
        "dimensionHeaders": [{"name": name} for name in dimensions],
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
        "metadata": {"currencyCode": "USD", "timeZone": "Etc/UTC"},
        "kind": "analyticsData#runReport",
    }
    if len(shown) < len(meant):
        answer["metadata"]["subjectToThresholding"] = True
    if rows:
        answer |= {"rows": rows[asked.offset : asked.offset + asked.limit], "rowCount": len(rows)}
    return JSONResponse(answer)


@cache
def _key() -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(CREDENTIALS["private_key"].encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _claims(assertion: str) -> dict[str, Any]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        head, body, signature = assertion.split(".")
        signed = f"{head}.{body}".encode()
        _key().public_key().verify(_decoded(signature), signed, PKCS1v15(), hashes.SHA256())
        claims: dict[str, Any] = json.loads(_decoded(body))
    except (ValueError, InvalidSignature):
        raise _no_grant("invalid_grant", "Invalid JWT Signature.") from None
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _no_grant(error: str, description: str) -> Refusal:
    return Refusal(JSONResponse({"error": error, "error_description": description}, 400))


def _refusal(status: int, name: str, message: str) -> Refusal:
    return Refusal(_error(status, name, message))


def _error(status: int, name: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"error": {"code": status, "message": message, "status": name}}
    return JSONResponse(body, status, headers=dict(headers or {}))


def failure(status: int) -> Response:
    return _error(status, "INTERNAL" if status >= 500 else "NOT_FOUND", "An error occurred.")  # noqa: PLR2004


def rate_limited(seconds: float) -> Response:
    return _error(429, "RESOURCE_EXHAUSTED", "Exhausted property tokens per hour.", {"retry-after": f"{seconds:.0f}"})


STAND_IN: Final = StandIn(
    name="ga4",
    title="Google Analytics 4",
    api="/v1beta",
    endpoints=[
        Endpoint("POST", "/token", token),
        Endpoint("POST", "/v1beta/properties/{property}:runReport", run_report),
        ENDPOINT,
    ],
    failure=failure,
    rate_limited=rate_limited,
    credentials=CREDENTIALS,
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/ga4", "property_id": PROPERTY},
)
