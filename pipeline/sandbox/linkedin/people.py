"""Whom a token speaks for, and what is to be known of the token."""

import hmac
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import followers
from pipeline.sandbox.linkedin import errors
from pipeline.sandbox.linkedin.access import bearer, query, token_of, version
from pipeline.sandbox.linkedin.credentials import ORGANIZATION, ORGANIZATION_URN, PERSON_URN, Token
from pipeline.sandbox.service import Call

_LIFE: Final = timedelta(days=60)
NAMES: Final = {ORGANIZATION_URN: "Sandbox Press (nobody real)", PERSON_URN: "Sandy Sandbox (nobody real)"}


def organization(call: Call, token: Token) -> Response:
    """To its administrators."""
    query(call)
    id_ = call.request.path_params["id"]
    if token.actor != f"urn:li:organization:{id_}" or "rw_organization_admin" not in token.scopes:
        raise errors.not_permitted("organizations.GET", version(call))
    return JSONResponse({"id": int(id_), "localizedName": NAMES[token.actor], "vanityName": "sandbox-press"})


def network_size(call: Call, token: Token) -> Response:
    """How many follow an organisation."""
    given = query(call, "edgeType")
    if given.get("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER":
        raise errors.bad_request("PARAM_INVALID", "Unknown edgeType")
    if call.request.path_params["urn"] not in NAMES:
        return JSONResponse(errors.not_found(), 404)
    if "rw_organization_admin" not in token.scopes:
        raise errors.not_permitted("networkSizes.GET", version(call))
    return JSONResponse({"firstDegreeSize": followers("linkedin", call.now)})


def userinfo(call: Call) -> Response:
    """The member, as OpenID Connect tells; no version is needed."""
    token = bearer(call)
    if token is None:
        return errors.unauthorized()
    if not {"openid", "profile"} <= set(token.scopes):
        raise errors.not_permitted("userinfo.GET.NO_VERSION", "")
    return JSONResponse({"sub": token.actor.rpartition(":")[2], "name": NAMES[token.actor]})


def introspect(call: Call) -> Response:
    """What a token may do and until when, to the app it was given to."""
    if not call.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise errors.bad_request("ILLEGAL_ARGUMENT", "Content-Type must be application/x-www-form-urlencoded")
    given = {name: values[0] for name, values in parse_qs(call.body.decode("ascii", "replace")).items()}
    keys = ("client_id", "client_secret")
    if not all(hmac.compare_digest(given.get(key, "").encode(), ORGANIZATION[key].encode()) for key in keys):
        return JSONResponse({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    token = token_of(given.get("token", ""))
    if token is None:
        return JSONResponse({"active": False})
    now = int(call.now.timestamp())
    return JSONResponse(
        {
            "active": True,
            "client_id": given["client_id"],
            "authorized_at": now,
            "created_at": now,
            "status": "active",
            "expires_at": now + int(_LIFE.total_seconds()),
            "scope": ",".join(token.scopes),
            "auth_type": "3L",
        }
    )
