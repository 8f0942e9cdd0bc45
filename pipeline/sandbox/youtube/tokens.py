"""What Google says of an access token: https://cloud.google.com/docs/authentication/token-types."""

from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube.access import scopes_of_token


def info(call: Call) -> Response:
    tokens = parse_qs(call.body.decode(errors="replace")).get("access_token", [])
    scopes = scopes_of_token(tokens[0]) if tokens else None
    if scopes is None:
        return JSONResponse({"error": "invalid_token", "error_description": "Invalid Value"}, 400)
    told = {"issued_to": "sandbox", "audience": "sandbox", "expires_in": 3599, "access_type": "offline"}
    return JSONResponse({**told, "scope": " ".join(scopes)})
