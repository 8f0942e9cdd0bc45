"""Publishing a container, taking a publication down, and how many more a day takes."""

import time
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.instagram import containers, nodes
from pipeline.sandbox.instagram.access import own_account, parameters
from pipeline.sandbox.instagram.errors import invalid, not_ready, refusal, unknown_object, used_up
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call, Refusal

DAILY: Final = 100
_WINDOW: Final = timedelta(hours=24)
_LIMIT_FIELDS: Final = ("quota_usage", "config")


def publish(call: Call) -> Response:
    own_account(call)
    id_ = str(parameters(call, ("creation_id",)).get("creation_id", ""))
    container = containers.find(call, id_)
    if container is None:
        raise refusal(24, f"The media builder with creation id = {id_} does not exist or has been expired.", 2207008)
    if container["is_item"]:
        raise invalid("An item of a carousel is not published by itself")
    if (state := containers.state(call, container)) != "FINISHED":
        raise _unpublishable(id_, state)
    if published_lately(call) >= DAILY:
        raise used_up()
    media = _media(call, container)
    container["published"] = True
    call.ledger.put("instagram", "container", id_, container)
    call.ledger.put("instagram", "media", media["id"], media, lookup=media["shortcode"])
    call.ledger.put("instagram", "use of the limit", media["id"], {"at": media["published"]})
    call.record("media_published", media["id"], text=container["caption"], url=nodes.permalink(call, media))
    return JSONResponse({"id": media["id"]})


def delete(call: Call) -> Response:
    id_ = call.request.path_params["id"]
    parameters(call, ())
    media = call.ledger.get("instagram", "media", id_)
    if media is None:
        raise unknown_object(id_)
    call.ledger.remove("instagram", "media", id_)
    call.record("media_deleted", id_, text=media["caption"])
    return JSONResponse({"success": True, "deleted_id": id_})


def limit(call: Call) -> Response:
    """How many were published in the last 24 hours, or since then, and how many there may be."""
    own_account(call)
    given = parameters(call, ("fields", "since"))
    since = given.get("since")
    if since is not None and not (since.isdecimal() and int(since) >= time.time() - _WINDOW.total_seconds()):
        raise invalid("since must be a Unix timestamp no older than 24 hours")
    available = {
        "quota_usage": published_lately(call, datetime.fromtimestamp(int(since), call.now.tzinfo) if since else None),
        "config": {"quota_total": DAILY, "quota_duration": int(_WINDOW.total_seconds())},
    }
    names = str(given.get("fields", "quota_usage")).split(",")
    if unknown := [name for name in names if name not in _LIMIT_FIELDS]:
        raise invalid(f"Tried accessing nonexisting field ({unknown[0]}) on node type (ContentPublishingLimitResponse)")
    return JSONResponse({"data": [{name: available[name] for name in names}]})


def published_lately(call: Call, since: datetime | None = None) -> int:
    """What was deleted since counts as well."""
    start = call.now - _WINDOW if since is None else since
    uses = call.ledger.newest("instagram", "use of the limit")
    return sum(1 for _ in takewhile(lambda use: datetime.fromisoformat(use["at"]) >= start, uses))


def _unpublishable(id_: str, state: str) -> Refusal:
    match state:
        case "IN_PROGRESS":
            return not_ready()
        case "EXPIRED":
            return refusal(-2, "The media you are trying to access has expired. Please try to upload again.", 2207020)
    return refusal(24, f"The media with {id_} cannot be found", 2207006)


def _media(call: Call, container: Document) -> Document:
    items = [containers.find(call, id_) for id_ in container["children"]] or [container]
    id_ = containers.new_id(call)
    return {
        "id": id_,
        "shortcode": _shortcode(int(id_)),
        "caption": container["caption"],
        "kind": container["kind"],
        "items": [{name: item[name] for name in ("kind", "url", "alt_text")} for item in items if item],
        "published": call.now.isoformat(),
    }


def _shortcode(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    code = ""
    while number:
        number, digit = divmod(number, len(letters))
        code = letters[digit] + code
    return code
