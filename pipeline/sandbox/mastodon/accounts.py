"""The account that the token belongs to, and the app it was given to."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import followers
from pipeline.sandbox.mastodon.access import scopes
from pipeline.sandbox.service import Call

ACCOUNT_ID: Final = "110000000000000001"
HANDLE: Final = "sandbox_press"


def me(call: Call) -> Response:
    return JSONResponse(shown(call) | {"source": {"privacy": "public", "sensitive": False, "language": "en"}})


def application(call: Call) -> Response:
    return JSONResponse({"id": "1", "name": "Pressroom", "website": None, "scopes": list(scopes(call))})


def shown(call: Call) -> dict[str, Any]:
    return {
        "id": ACCOUNT_ID,
        "username": HANDLE,
        "acct": HANDLE,
        "display_name": "Sandbox Press (nobody real)",
        "locked": False,
        "bot": True,
        "followers_count": followers("mastodon", call.now),
        "url": call.link(f"/mastodon/@{HANDLE}"),
    }
