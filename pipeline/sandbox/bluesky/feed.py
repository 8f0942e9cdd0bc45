"""Posts as readers' apps are shown them, with their figures."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.bluesky.access import require_session
from pipeline.sandbox.bluesky.credentials import DID, HANDLE
from pipeline.sandbox.bluesky.errors import invalid
from pipeline.sandbox.bluesky.records import uri_of
from pipeline.sandbox.growth import Growth, followers
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

_MOST: Final = 25


def posts(call: Call) -> Response:
    """Those of them that there are."""
    require_session(call)
    uris = call.request.query_params.getlist("uris")
    if not uris:
        raise invalid('Params must have the property "uris"')
    if len(uris) > _MOST:
        raise invalid(f"uris must not have more than {_MOST} elements")
    for uri in uris:
        if not uri.startswith("at://"):
            raise invalid("uris/0 must be a valid at-uri")
    kept = (call.ledger.get("bluesky", "post", uri.rpartition("/")[2]) for uri in dict.fromkeys(uris))
    found = [post for post in kept if post is not None and uri_of(post["rkey"]) in uris]
    return JSONResponse({"posts": [_shown(call, post) for post in found]})


def profile(call: Call) -> Response:
    """The account, as readers are shown it."""
    require_session(call)
    if call.request.query_params.get("actor") not in (DID, HANDLE):
        raise invalid("Profile not found")
    return JSONResponse(
        {
            "did": DID,
            "handle": HANDLE,
            "displayName": "Sandbox Press (nobody real)",
            "followersCount": followers("bluesky", call.now),
            "followsCount": 0,
            "postsCount": sum(1 for _ in call.ledger.newest("bluesky", "post")),
        }
    )


def _shown(call: Call, post: Document) -> dict[str, Any]:
    growth = Growth(f"bluesky/{post['rkey']}", call.age(datetime.fromisoformat(post["indexed_at"])))
    readers = growth.final("readers", 100, 8_000)
    return {
        "uri": post["uri"],
        "cid": post["cid"],
        "author": {"did": DID, "handle": HANDLE, "displayName": "Sandbox Press (nobody real)"},
        "record": post["record"],
        "bookmarkCount": growth.share("bookmarks", readers, 0.0005, 0.005),
        "replyCount": growth.share("replies", readers, 0.0005, 0.006),
        "repostCount": growth.share("reposts", readers, 0.001, 0.01),
        "likeCount": growth.share("likes", readers, 0.005, 0.05),
        "quoteCount": growth.share("quotes", readers, 0.0001, 0.001),
        "indexedAt": post["indexed_at"],
        "labels": [],
        "viewer": {"threadMuted": False, "embeddingDisabled": False},
    }
