"""What the API tells of the account, its containers and its media, by the fields that are asked for."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import Growth, followers
from pipeline.sandbox.instagram import caption, containers
from pipeline.sandbox.instagram.access import ACCOUNT_ID, USERNAME, own_account, parameters, shown
from pipeline.sandbox.instagram.errors import invalid, unknown_object
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

_PAGE: Final = 25
_MOST_A_PAGE: Final = 100
_TYPES: Final = {"IMAGE": "IMAGE", "REELS": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}


def read(call: Call) -> Response:
    """A node by its id, whatever it is."""
    id_ = call.request.path_params["id"]
    fields = parameters(call, ("fields",)).get("fields")
    if id_ == ACCOUNT_ID:
        return JSONResponse(_user(call, fields))
    if (container := containers.find(call, id_)) is not None:
        return JSONResponse(_container(call, container, fields))
    if (media := call.ledger.get("instagram", "media", id_)) is not None:
        return JSONResponse(_media(call, media, fields))
    raise unknown_object(id_)


def published(call: Call) -> Response:
    """The account's media, newest first, in pages."""
    own_account(call)
    given = parameters(call, ("fields", "limit", "after"))
    size = _size(given)
    before = int(given["after"]) if str(given.get("after", "")).isdecimal() else None
    matching = (each for each in call.ledger.newest("instagram", "media") if before is None or int(each["id"]) < before)
    page = list(islice(matching, size + 1))
    body: dict[str, Any] = {"data": [_media(call, media, given.get("fields")) for media in page[:size]]}
    if page:
        cursors = {"before": page[0]["id"], "after": page[:size][-1]["id"]}
        body["paging"] = {"cursors": cursors}
        if len(page) > size:
            body["paging"]["next"] = call.link(f"{call.request.url.path}?limit={size}&after={cursors['after']}")
    return JSONResponse(body)


def permalink(call: Call, media: Document) -> str:
    return call.link(f"/instagram/{'reel' if media['kind'] == 'REELS' else 'p'}/{media['shortcode']}/")


def age(call: Call, media: Document) -> timedelta:
    """On the sandbox's clock."""
    return call.age(datetime.fromisoformat(media["published"]))


def _user(call: Call, fields: str | None) -> dict[str, Any]:
    available = {
        "id": lambda: ACCOUNT_ID,
        "username": lambda: USERNAME,
        "name": lambda: "Sandbox Press (nobody real)",
        "biography": lambda: "Pressroom sandbox: nobody real.",
        "media_count": lambda: sum(1 for _ in call.ledger.newest("instagram", "media")),
        "followers_count": lambda: followers("instagram", call.now),
    }
    return shown(fields, "IGUser", available)


def _container(call: Call, container: Document, fields: str | None) -> dict[str, Any]:
    available = {
        "id": lambda: container["id"],
        "status_code": lambda: containers.state(call, container),
        "status": lambda: containers.status(call, container),
    }
    return shown(fields, "IGContainer", available)


def _media(call: Call, media: Document, fields: str | None) -> dict[str, Any]:
    growth = Growth(f"instagram/{media['id']}", age(call, media))
    reach = growth.final("reach", 120, 9_000)
    first = media["items"][0]
    available = {
        "id": lambda: media["id"],
        "caption": lambda: caption.as_read(media["caption"]) or None,
        "timestamp": lambda: datetime.fromisoformat(media["published"]).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "permalink": lambda: permalink(call, media),
        "shortcode": lambda: media["shortcode"],
        "media_type": lambda: _TYPES[media["kind"]],
        "media_product_type": lambda: "REELS" if media["kind"] == "REELS" else "FEED",
        "media_url": lambda: first["url"] if media["kind"] != "CAROUSEL" else None,
        "alt_text": lambda: first["alt_text"] if media["kind"] == "IMAGE" else None,
        "username": lambda: USERNAME,
        "like_count": lambda: growth.share("likes", reach, 0.02, 0.08),
        "comments_count": lambda: growth.share("comments", reach, 0.001, 0.01),
        "is_comment_enabled": lambda: True,
    }
    return shown(fields, "IGMedia", available)


def _size(given: dict[str, Any]) -> int:
    text = str(given.get("limit", _PAGE))
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_A_PAGE:
        raise invalid(f"limit must be between 1 and {_MOST_A_PAGE}")
    return int(text)
