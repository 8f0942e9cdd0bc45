"""A post's page."""

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.linkedin.people import NAMES
from pipeline.sandbox.service import Call


def post(call: Call) -> Response:
    found = call.ledger.get("linkedin", "post", call.request.path_params["urn"])
    if found is None:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    content = found["content"]
    pictures = content["multiImage"]["images"] if "multiImage" in content else [content.get("media")]
    files = [
        {**(call.ledger.get("linkedin", "media", each["id"]) or {}), "says": each.get("altText") or each.get("title")}
        for each in pictures
        if each
    ]
    page = pages.render(
        "linkedin_post.html",
        name=NAMES[found["author"]],
        text=found["said"],
        files=files,
        article=content.get("article"),
        created=datetime.fromisoformat(found["created"]),
    )
    return HTMLResponse(page)
