"""A post's page."""

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.service import Call
from pipeline.sandbox.tiktok import posts


def page(call: Call) -> Response:
    post = posts.by_post_id(call, call.request.path_params["id"])
    if post is None or post["whole"] is None or post["fail_reason"] or post["is_draft"]:
        return HTMLResponse(pages.render("missing.html", what="post"), 404)
    published = datetime.fromisoformat(post["whole"])
    return HTMLResponse(pages.render("tiktok_post.html", post=post, published=published))
