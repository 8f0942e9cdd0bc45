"""A post's page, and the media it carries."""

import html
import re
from datetime import datetime

from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x.users import HANDLE


def status(call: Call) -> Response:
    tweet = call.ledger.get("x", "tweet", call.request.path_params["id"])
    if tweet is None:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    page = pages.render(
        "x_status.html",
        handle=HANDLE,
        created=datetime.fromisoformat(tweet["created_at"]),
        text=_with_links(tweet),
        pictures=[call.link(f"/x/media/{id_}") for id_ in tweet["media_ids"]],
    )
    return HTMLResponse(page)


def media(call: Call) -> Response:
    item = call.ledger.get("x", "media", call.request.path_params["id"])
    if item is None or item["finalized"] is None:
        return HTMLResponse(pages.render("missing.html", what="picture"), 404)
    return Response(
        call.ledger.content("x", "media", item["id"]),
        media_type=item["type"],
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _with_links(tweet: Document) -> Markup:
    """The text, each t.co address as a link to where it leads, shown as X shows it."""
    targets = {url["url"]: url for url in tweet["urls"]}
    parts = re.split("(" + "|".join(map(re.escape, targets)) + ")", tweet["text"]) if targets else [tweet["text"]]
    return Markup().join(
        Markup('<a href="{}" rel="nofollow">{}</a>').format(targets[part]["expanded_url"], targets[part]["display_url"])
        if part in targets
        else escape(html.unescape(part))
        for part in parts
    )
