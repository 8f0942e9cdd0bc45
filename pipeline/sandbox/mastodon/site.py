"""A status's page."""

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.mastodon import media
from pipeline.sandbox.mastodon.accounts import HANDLE
from pipeline.sandbox.mastodon.text import rendered
from pipeline.sandbox.service import Call


def status(call: Call) -> Response:
    kept = call.ledger.get("mastodon", "status", call.request.path_params["id"])
    if kept is None or call.request.path_params["handle"] != HANDLE:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    files = media.kept(call.ledger, kept["media_ids"])
    page = pages.render(
        "mastodon_status.html",
        handle=HANDLE,
        created=datetime.fromisoformat(kept["created_at"]),
        warning=kept["spoiler_text"],
        body=pages.safe_html(rendered(kept["status"])),
        files=[(item["type"], item["size"], item["description"]) for item in files],
    )
    return HTMLResponse(page)
