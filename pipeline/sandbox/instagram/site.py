"""A publication's page."""

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.instagram.access import USERNAME
from pipeline.sandbox.service import Call


def page(call: Call) -> Response:
    found = call.ledger.find("instagram", "media", call.request.path_params["shortcode"])
    if not found:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    (media,) = found
    return HTMLResponse(
        pages.render(
            "instagram_media.html",
            username=USERNAME,
            caption=media["caption"],
            items=media["items"],
            published=datetime.fromisoformat(media["published"]),
        )
    )
