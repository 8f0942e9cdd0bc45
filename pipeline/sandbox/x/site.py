"""A post's page, and the media it carries."""

import html
import re
from datetime import datetime

from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x import media as uploads
from pipeline.sandbox.x.users import HANDLE


def status(call: Call) -> Response:
    tweet = call.ledger.get("x", "tweet", call.request.path_params["id"])
    if tweet is None:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    carried = [item for id_ in tweet["media_ids"] if (item := call.ledger.get("x", "media", id_))]
    page = pages.render(
        "x_status.html",
        handle=HANDLE,
        created=datetime.fromisoformat(tweet["created_at"]),
        text=_with_links(tweet),
        pictures=[
            {"address": call.link(f"/x/media/{item['id']}"), "alt": item["alt_text"]}
            for item in carried
            if not uploads.is_video(item)
        ],
        videos=[item for item in carried if uploads.is_video(item)],
    )
    return HTMLResponse(page)


def media(call: Call) -> Response:
    item = call.ledger.get("x", "media", call.request.path_params["id"])
    if item is None or item["finalized"] is None or uploads.is_video(item):
        return HTMLResponse(pages.render("missing.html", what="picture"), 404)
    return Response(
        uploads.content(call, item),
        media_type=item["type"],
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _with_links(tweet: Document) -> Markup:
    """The text, each t.co address as a link to where it leads, shown as X shows it; those to its media are left out."""
    of_media = {url["url"] for url in tweet["urls"] if "media_key" in url}
    text = tweet["text"]
    for address in of_media:
        text = text.replace(address, "")
    targets = {url["url"]: url for url in tweet["urls"] if url["url"] not in of_media}
    parts = re.split("(" + "|".join(map(re.escape, targets)) + ")", text) if targets else [text]
    return Markup().join(
        Markup('<a href="{}" rel="nofollow">{}</a>').format(targets[part]["expanded_url"], targets[part]["display_url"])
        if part in targets
        else escape(html.unescape(part))
        for part in parts
    )
