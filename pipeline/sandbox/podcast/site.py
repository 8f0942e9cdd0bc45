"""The show in a listener's app, and the files that its feed names."""

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.podcast.apps import FEED
from pipeline.sandbox.service import Call


def file(call: Call) -> Response:
    key = call.request.path_params["key"]
    item = call.ledger.get("podcast", "object", key)
    content = call.ledger.content("podcast", "object", key)
    if item is None or (item["size"] and not content):  # too large for the sandbox to keep
        return HTMLResponse(pages.render("missing.html", what="file"), 404)
    return Response(content, media_type=item["type"], headers={"X-Content-Type-Options": "nosniff"})


def episode(call: Call) -> Response:
    found = call.ledger.get("podcast", "episode", call.request.path_params["guid"])
    if found is None:
        return HTMLResponse(pages.render("missing.html", what="episode"), 404)
    return HTMLResponse(pages.render("podcast_episode.html", episode=found, notes=pages.safe_html(found["notes"])))


def show(call: Call) -> Response:
    episodes = list(call.ledger.newest("podcast", "episode"))
    return HTMLResponse(pages.render("podcast_show.html", episodes=episodes, feed=call.link(f"/podcast/files/{FEED}")))
