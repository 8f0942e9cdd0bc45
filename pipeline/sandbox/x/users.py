"""The account that the credentials belong to."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import followers
from pipeline.sandbox.service import Call
from pipeline.sandbox.x.access import query

USER_ID: Final = "1000000000000000001"
HANDLE: Final = "sandbox_press"


def me(call: Call) -> Response:
    given = query(call, "user.fields", "expansions", "tweet.fields", "post.fields")
    more: dict[str, Any] = {
        "created_at": "2026-01-01T00:00:00.000Z",
        "description": "Pressroom sandbox: nobody real.",
        "protected": False,
        "verified": False,
        "public_metrics": {
            "followers_count": followers("x", call.now),
            "following_count": 0,
            "post_count": sum(1 for _ in call.ledger.newest("x", "tweet")),
            "listed_count": 0,
        },
    }
    asked = given.get("user.fields", "").split(",")
    user = {"id": USER_ID, "name": "Sandbox Press (nobody real)", "username": HANDLE}
    return JSONResponse({"data": user | {name: value for name, value in more.items() if name in asked}})
