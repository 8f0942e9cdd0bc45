"""Reading, changing, deleting and counting videos."""

from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube import access, publishing
from pipeline.sandbox.youtube.credentials import MANAGING, READING
from pipeline.sandbox.youtube.errors import refusal
from pipeline.sandbox.youtube.metadata import Snippet, Status, Video, snippet_of, status_of
from pipeline.sandbox.youtube.resources import PARTS, etag, shown
from pipeline.sandbox.youtube.resources import statistics as figures_of

_COUNTED = ("id", "snippet", "contentDetails", "statistics")


def read(call: Call) -> Response:
    """Those that are there; of the others nothing is said."""
    access.require_scope(call, READING)
    given = access.query(call, "part", "id", "maxResults", "hl")
    parts = access.parts(given, PARTS)
    videos = [shown(call, video, parts) for video in _known(call, access.ids(given))]
    info = {"totalResults": len(videos), "resultsPerPage": len(videos)}
    return JSONResponse({"kind": "youtube#videoListResponse", "items": videos, "pageInfo": info})


def update(call: Call) -> Response:
    """Every property of the parts that may be set is: one that is missing loses its value."""
    access.require_scope(call, MANAGING)
    parts = access.parts(access.query(call, "part"), PARTS)
    asked = access.body(call, Video)
    video = _video(call, asked.id or "")
    changed = dict(video)
    for part in asked.model_fields_set & {"snippet", "status"}:
        if part not in parts:
            raise refusal(400, "unexpectedPart", f"'{part}'", "youtube.part")
    if "snippet" in parts:
        snippet = asked.snippet or Snippet()
        if snippet.category_id is None:
            message = "The snippet.categoryId property specifies an invalid category ID."
            raise refusal(400, "invalidCategoryId", message)
        changed["snippet"] = snippet_of(snippet)
    if "status" in parts:
        changed["status"] = status_of(asked.status or Status(), call.now, new=False)
    publishing.keep(call, changed, before=video)
    return JSONResponse(shown(call, changed, parts))


def delete(call: Call) -> Response:
    access.require_scope(call, MANAGING)
    publishing.remove(call, _video(call, access.query(call, "id").get("id", "")))
    return Response(status_code=204)


def statistics(call: Call) -> Response:
    """Figures of many at once; a video that can't be counted just now is left out without a word."""
    access.require_scope(call, READING)
    given = access.query(call, "part", "id")
    parts = access.parts(given, _COUNTED)
    items = [_counted(call, video, parts) for video in _known(call, access.ids(given))]
    return JSONResponse({"kind": "youtube#batchGetStatsResponse", "items": items})


def _counted(call: Call, video: Document, parts: list[str]) -> dict[str, Any]:
    figures = figures_of(call, video)
    del figures["favoriteCount"]
    available = {
        "snippet": {"publishTime": video["uploaded"]},
        "contentDetails": {"duration": "3s"},
        "statistics": figures,
    }
    wanted = {name: value for name, value in available.items() if name in parts}
    return {"kind": "youtube#videoStats", "etag": etag(video), "id": video["id"], **wanted}


def _known(call: Call, ids: list[str]) -> list[Document]:
    return [video for id_ in ids if (video := call.ledger.get("youtube", "video", id_)) is not None]


def _video(call: Call, id_: str) -> Document:
    """Raises: Refusal."""
    video = call.ledger.get("youtube", "video", id_)
    if video is None:
        message = "The video that you are trying to change or delete cannot be found."
        raise refusal(404, "videoNotFound", message)
    return video
