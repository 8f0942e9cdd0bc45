"""The account's repository: posts are put there under a key, read and taken away."""

import json
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.bluesky import content_ids
from pipeline.sandbox.bluesky.access import body
from pipeline.sandbox.bluesky.credentials import DID, HANDLE
from pipeline.sandbox.bluesky.errors import failure, invalid, refusal
from pipeline.sandbox.bluesky.lexicon import checked_post, require_key
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

COLLECTION: Final = "app.bsky.feed.post"
_PAGE: Final = 50


def create(call: Call) -> Response:
    asked = body(call, "repo", "collection", "rkey")
    _require_own(asked)
    rkey = asked["rkey"]
    require_key(rkey)
    record = checked_post(call, asked.get("record"))
    if call.ledger.get("bluesky", "post", rkey) is not None:
        return failure(500)  # of a key that is taken, the server says no more: github.com/bluesky-social/atproto #3718
    post: Document = {
        "rkey": rkey,
        "uri": uri_of(rkey),
        "cid": content_ids.of_record(json.dumps(record, sort_keys=True)),
        "record": record,
        "indexed_at": call.now.isoformat(),
    }
    call.ledger.put("bluesky", "post", rkey, post)
    card = (record.get("embed") or {}).get("external") or {}
    address = call.link(f"/bluesky/profile/{DID}/post/{rkey}")
    call.record("post_created", rkey, title=card.get("title"), text=record["text"], url=address)
    answer = {"uri": post["uri"], "cid": post["cid"], "commit": _commit(post), "validationStatus": "valid"}
    return JSONResponse(answer)


def delete(call: Call) -> Response:
    """Taking away what is not there is answered like taking it away."""
    asked = body(call, "repo", "collection", "rkey")
    _require_own(asked)
    post = call.ledger.get("bluesky", "post", asked["rkey"])
    if post is None:
        return JSONResponse({})
    call.ledger.remove("bluesky", "post", post["rkey"])
    call.record("post_deleted", post["rkey"], text=post["record"]["text"])
    return JSONResponse({"commit": _commit(post)})


def read(call: Call) -> Response:
    """Everybody may read a repository."""
    given = call.request.query_params
    for name in ("repo", "collection", "rkey"):
        if name not in given:
            raise invalid(f'Params must have the property "{name}"')
    post = call.ledger.get("bluesky", "post", given["rkey"])
    if post is None or given["collection"] != COLLECTION or given["repo"] not in (DID, HANDLE):
        raise invalid(
            f"Could not locate record: at://{given['repo']}/{given['collection']}/{given['rkey']}", "RecordNotFound"
        )
    return JSONResponse({"uri": post["uri"], "cid": post["cid"], "value": post["record"]})


def list_(call: Call) -> Response:
    """A repository's posts, the newest first or, in reverse, the oldest; a cursor is the key to go on behind."""
    given = call.request.query_params
    if given.get("collection") != COLLECTION or given.get("repo") not in (DID, HANDLE):
        raise invalid("The sandbox lists the posts of its own account only")
    upwards, cursor = given.get("reverse") == "true", given.get("cursor")
    kept = sorted(call.ledger.newest("bluesky", "post"), key=lambda post: str(post["rkey"]), reverse=not upwards)
    behind = [post for post in kept if cursor is None or (post["rkey"] > cursor if upwards else post["rkey"] < cursor)]
    page = behind[: int(given.get("limit", _PAGE))]
    records = [{"uri": post["uri"], "cid": post["cid"], "value": post["record"]} for post in page]
    return JSONResponse({"records": records} | ({"cursor": page[-1]["rkey"]} if page else {}))


def uri_of(rkey: str) -> str:
    return f"at://{DID}/{COLLECTION}/{rkey}"


def _require_own(asked: dict[str, Any]) -> None:
    if asked["repo"] not in (DID, HANDLE):
        raise refusal(401, "AuthenticationRequired", "Authentication Required")
    if asked["collection"] != COLLECTION:
        raise invalid(f"The sandbox keeps posts only, and no {asked['collection']}")


def _commit(post: Document) -> dict[str, str]:
    return {"cid": post["cid"], "rev": post["rkey"]}
