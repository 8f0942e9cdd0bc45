"""Posts found by their author, and several read at once."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.linkedin import errors
from pipeline.sandbox.linkedin.access import query, require_scope, urn, urns
from pipeline.sandbox.linkedin.credentials import Token
from pipeline.sandbox.linkedin.posts import shown
from pipeline.sandbox.service import Call


def posts(call: Call, token: Token) -> Response:
    """One address for both; a header says which."""
    method = call.request.headers.get("x-restli-method", "").upper()
    if method == "BATCH_GET":
        return _batch(call, token)
    if method == "FINDER":
        return _by_author(call, token)
    raise errors.bad_request("ILLEGAL_ARGUMENT", "X-RestLi-Method must be FINDER or BATCH_GET")


def _batch(call: Call, token: Token) -> Response:
    wanted = urns(query(call, "ids", "viewContext").get("ids", ""))
    require_scope(call, token, token.actor, "r", "partnerApiPosts.BATCH_GET")
    found = {id_: post for id_ in wanted if (post := call.ledger.get("linkedin", "post", id_)) is not None}
    return JSONResponse(
        {
            "results": {id_: shown(post) for id_, post in found.items()},
            "statuses": dict.fromkeys(found, 200),
            "errors": {id_: errors.not_found() for id_ in wanted if id_ not in found},
        }
    )


def _by_author(call: Call, token: Token) -> Response:
    given = query(call, "q", "author", "start", "count", "sortBy", "viewContext")
    if given.get("q") != "author" or given.get("sortBy", "LAST_MODIFIED") not in ("LAST_MODIFIED", "CREATED"):
        raise errors.bad_request("PARAM_INVALID", "Unknown finder or order")
    author = urn(given.get("author", ""))
    start, count = _whole(given, "start", 0, 10_000), _whole(given, "count", 10, 100)
    require_scope(call, token, author, "r", "partnerApiPosts.FINDER-author")
    order = "created" if given.get("sortBy") == "CREATED" else "modified"
    found = call.ledger.find("linkedin", "post", author)
    theirs = sorted(found, key=lambda each: (each[order], int(each["urn"].rpartition(":")[2])), reverse=True)
    paging = {"start": start, "count": count, "links": []}
    return JSONResponse({"paging": paging, "elements": [shown(post) for post in theirs[start : start + count]]})


def _whole(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal() or int(value) > most:
        raise errors.bad_request("PARAM_INVALID", f"{name} must be a whole number up to {most}")
    return int(value)
