"""Containers: what is to be published is first made, then processed for a while, then published within a day.

The stand-in fetches nothing. Of an address it checks the form and the extension: a picture's at once, a video's when
it is processed, as Instagram does.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.instagram import caption
from pipeline.sandbox.instagram.access import own_account, parameters
from pipeline.sandbox.instagram.errors import invalid, not_ready, refusal
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

_LIFE: Final = timedelta(hours=24)
_MOVING: Final = ("REELS", "VIDEO")
_FASTER: Final = 4
"""How many times faster than a video anything else is processed."""
_ITEMS: Final = range(2, 11)
_MOST_ALT_TEXT: Final = 1000
_UNSUPPORTED_VIDEO: Final = 2207026
_PICTURES: Final = ("jpg", "jpeg")
_VIDEOS: Final = ("mp4", "mov", "m4v")
_FIRST_ID: Final = 17_900_000_000_000_000
_KINDS: Final = {"IMAGE": "image_url", "REELS": "video_url", "CAROUSEL": "children"}
_KINDS_OF_ITEMS: Final = {"IMAGE": "image_url", "VIDEO": "video_url"}
PARAMETERS: Final = (
    *("media_type", "image_url", "video_url", "children", "caption", "alt_text"),
    *("is_carousel_item", "share_to_feed"),
)
_STATES: Final = {
    "PUBLISHED": "Published: Media has been successfully published.",
    "EXPIRED": "Expired: The container was not published within 24 hours and has expired.",
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
}


def create(call: Call) -> Response:
    own_account(call)
    given = parameters(call, PARAMETERS)
    item = _is_true(given, "is_carousel_item")
    kind = _kind(given, item=item)
    text = str(given.get("caption", ""))
    _check_text(given, kind, item=item)
    container: Document = {
        "id": new_id(call),
        "kind": kind,
        "is_item": item,
        "caption": text,
        "alt_text": given.get("alt_text"),
        "url": given.get("image_url") or given.get("video_url"),
        "children": _children(call, given) if kind == "CAROUSEL" else [],
        "created": call.now.isoformat(),
        "published": False,
        "error": None,
    }
    if kind == "IMAGE":
        _check_picture(given)
    elif kind != "CAROUSEL":
        container["error"] = _video_error(given)
    call.ledger.put("instagram", "container", container["id"], container)
    return JSONResponse({"id": container["id"]})


def new_id(call: Call) -> str:
    return str(call.ledger.next_id("instagram ids", at_least=_FIRST_ID))


def find(call: Call, id_: str) -> Document | None:
    return call.ledger.get("instagram", "container", id_)


def state(call: Call, container: Document) -> str:
    age = call.now - datetime.fromisoformat(container["created"])
    if container["published"]:
        return "PUBLISHED"
    if age > _LIFE:
        return "EXPIRED"
    if age < (call.processing if container["kind"] in _MOVING else call.processing / _FASTER):
        return "IN_PROGRESS"
    return "ERROR" if container["error"] else "FINISHED"


def status(call: Call, container: Document) -> str:
    """The state in words; those of an error hold its subcode."""
    failed = f"Error: Media upload has failed with error code {container['error']}"
    return _STATES.get(state(call, container), failed)


def _kind(given: dict[str, Any], *, item: bool) -> str:
    kind = str(given.get("media_type", "IMAGE"))
    wanted = (_KINDS_OF_ITEMS if item else _KINDS).get(kind)
    if wanted is None:
        raise refusal(100, f"(#100) The media type {kind} is unknown.", 2207023)
    for name in ("image_url", "video_url", "children"):
        if (name in given) is not (name == wanted):
            raise invalid(f"A container of the type {kind} is made of {wanted} and nothing else")
    return kind


def _check_text(given: dict[str, Any], kind: str, *, item: bool) -> None:
    if not caption.fits(str(given.get("caption", ""))):
        message = "The caption is too long: 2,200 characters, 30 hashtags and 20 mentions are allowed."
        raise refusal(36004, message, 2207010)
    if item and "caption" in given:
        raise invalid("An item of a carousel has no caption")
    if "alt_text" in given and kind != "IMAGE":
        raise invalid("alt_text is supported for pictures only")
    if len(str(given.get("alt_text", ""))) > _MOST_ALT_TEXT:
        raise invalid(f"alt_text is longer than {_MOST_ALT_TEXT} characters")


def _children(call: Call, given: dict[str, Any]) -> list[str]:
    """The items' ids, given as a list or with commas between. Raises: Refusal."""
    children = given["children"]
    ids = [str(each) for each in (children if isinstance(children, list) else str(children).split(","))]
    items = [find(call, id_) for id_ in ids]
    known = [item for item in items if item is not None and item["is_item"]]
    if len(ids) not in _ITEMS or len(known) != len(ids) or len(set(ids)) != len(ids):
        message = "Your post won't work as a carousel. Carousels need at least 2 photos/videos and no more than 10."
        raise refusal(100, f"(#100) {message}", 2207028)
    if any(state(call, item) != "FINISHED" for item in known):
        raise not_ready()
    return ids


def _check_picture(given: dict[str, Any]) -> None:
    extension = _extension(str(given["image_url"]))
    if extension and extension not in _PICTURES:
        raise refusal(36001, f"The image format is not supported: {extension}. It should be JPEG.", 2207005)


def _video_error(given: dict[str, Any]) -> int | None:
    extension = _extension(str(given["video_url"]))
    return _UNSUPPORTED_VIDEO if extension and extension not in _VIDEOS else None


def _extension(url: str) -> str:
    """Of the file that the address names; empty where it has none. Raises: Refusal: Instagram couldn't ask for it."""
    try:
        parts = urlsplit(url)
        asked = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username and url.isascii()
    except ValueError:
        asked = False
    if not asked or re.search(r"\s", url):
        raise refusal(9004, "The media could not be fetched from this URI.", 2207052)
    name = parts.path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def _is_true(given: dict[str, Any], name: str) -> bool:
    return given.get(name) in (True, "true", "1", 1)
