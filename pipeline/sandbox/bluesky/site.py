"""A post's page, as an app would show it: what its facets mark is a link."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.bluesky.credentials import DID, HANDLE
from pipeline.sandbox.service import Call


def post(call: Call) -> Response:
    kept = call.ledger.get("bluesky", "post", call.request.path_params["rkey"])
    if kept is None or call.request.path_params["actor"] not in (DID, HANDLE):
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    record = kept["record"]
    embed = record.get("embed") or {}
    page = pages.render(
        "bluesky_post.html",
        handle=HANDLE,
        created=datetime.fromisoformat(record["createdAt"]),
        text=_with_facets(record),
        card=embed.get("external"),
        pictures=[(each["alt"], each["image"]["size"]) for each in embed.get("images", ())],
    )
    return HTMLResponse(page)


def _with_facets(record: Mapping[str, Any]) -> Markup:
    """The text with its links and tags. A facet that lies outside, or cuts a character or another one, is not shown."""
    content, shown, position = record["text"].encode(), Markup(), 0
    for facet in sorted(record.get("facets", ()), key=lambda each: int(each["index"]["byteStart"])):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        try:
            before, words = content[position:start].decode(), content[start:end].decode()
        except UnicodeDecodeError:
            continue
        if not position <= start < end <= len(content):
            continue
        shown += escape(before) + _linked(words, facet["features"])
        position = end
    return shown + escape(content[position:].decode())


def _linked(words: str, features: list[dict[str, Any]]) -> Markup:
    for feature in features:
        if str(feature.get("uri", "")).startswith(("https://", "http://")):
            return Markup('<a href="{}" rel="nofollow">{}</a>').format(feature["uri"], words)
        if "tag" in feature:
            return Markup('<strong title="{}">{}</strong>').format(feature["tag"], words)
    return escape(words)
