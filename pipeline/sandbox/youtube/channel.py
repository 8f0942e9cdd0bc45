"""The channel behind the token, and the playlist of all that it uploaded."""

from itertools import islice
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import followers
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube import access
from pipeline.sandbox.youtube.credentials import READING
from pipeline.sandbox.youtube.errors import refusal
from pipeline.sandbox.youtube.resources import CHANNEL_ID, CHANNEL_TITLE, etag

_PLAYLIST: Final = f"UU{CHANNEL_ID[2:]}"


def read(call: Call) -> Response:
    access.require_scope(call, READING)
    given = access.query(call, "part", "mine", "maxResults")
    parts = access.parts(given, ("id", "snippet", "contentDetails", "statistics", "status"))
    if given.get("mine") != "true":
        raise refusal(400, "missingRequiredParameter", "No filter selected. Expected: mine", "youtube.parameter")
    available: dict[str, Any] = {
        "snippet": {"title": CHANNEL_TITLE, "description": ""},
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": _PLAYLIST}},
        "statistics": {
            "subscriberCount": str(_three_digits(followers("youtube", call.now))),
            "hiddenSubscriberCount": False,
            "videoCount": str(len(list(call.ledger.newest("youtube", "video")))),
        },
        "status": {"privacyStatus": "public", "longUploadsStatus": "allowed"},
    }
    wanted = {name: value for name, value in available.items() if name in parts}
    item = {"kind": "youtube#channel", "id": CHANNEL_ID, **wanted}
    return JSONResponse({"kind": "youtube#channelListResponse", "items": [item]})


def uploads(call: Call) -> Response:
    """The owner's uploads, the private ones included, newest first."""
    access.require_scope(call, READING)
    given = access.query(call, "part", "playlistId", "maxResults", "pageToken")
    parts = access.parts(given, ("id", "snippet", "contentDetails", "status"))
    if given.get("playlistId") != _PLAYLIST:
        raise refusal(404, "playlistNotFound", "The playlist cannot be found.", "youtube.playlistItem")
    size = access.whole(given, "maxResults", 5, 0, 50)
    start = access.whole(given, "pageToken", 0, 0, 10**9)
    page = list(islice(call.ledger.newest("youtube", "video"), start, start + size + 1))
    answer: dict[str, Any] = {
        "kind": "youtube#playlistItemListResponse",
        "items": [_item(video, start + place, parts) for place, video in enumerate(page[:size])],
        "pageInfo": {"resultsPerPage": size},
    }
    if len(page) > size:
        answer["nextPageToken"] = str(start + size)
    return JSONResponse(answer)


def _three_digits(count: int) -> int:
    """As YouTube tells subscribers."""
    unit: int = 10 ** max(0, len(str(count)) - 3)
    return count // unit * unit


def _item(video: Document, position: int, parts: list[str]) -> dict[str, Any]:
    available = {
        "snippet": {
            "publishedAt": video["uploaded"],
            "title": video["snippet"]["title"],
            "description": video["snippet"].get("description", ""),
            "playlistId": _PLAYLIST,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": video["id"]},
        },
        "contentDetails": {"videoId": video["id"], "videoPublishedAt": video["uploaded"]},
        "status": {"privacyStatus": video["status"]["privacyStatus"]},
    }
    wanted = {name: value for name, value in available.items() if name in parts}
    return {"kind": "youtube#playlistItem", "etag": etag(video), "id": f"{_PLAYLIST}.{video['id']}", **wanted}
