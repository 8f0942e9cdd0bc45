"""A video's page."""

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube.resources import CHANNEL_TITLE, is_processed


def watch(call: Call) -> Response:
    video = call.ledger.get("youtube", "video", call.request.query_params.get("v", ""))
    if video is None or video["status"]["privacyStatus"] == "private":
        return HTMLResponse(pages.render("missing.html", what="video"), 404)
    page = pages.render(
        "youtube_watch.html",
        title=video["snippet"]["title"],
        description=video["snippet"].get("description", ""),
        channel=CHANNEL_TITLE,
        uploaded=datetime.fromisoformat(video["uploaded"]),
        size=video["size"],
        is_playable=is_processed(call, video),
    )
    return HTMLResponse(page)
