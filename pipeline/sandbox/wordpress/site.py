"""The public side of the sandbox's WordPress: its front page and its posts."""

from itertools import islice

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.rendering import link

_ON_THE_FRONT_PAGE = 20


def home(call: Call) -> Response:
    if id_ := call.request.query_params.get("p"):
        post = call.ledger.get("wordpress", "post", id_)
        return RedirectResponse(link(call, post)) if post and post["status"] == "publish" else _not_found()
    public = (post for post in call.ledger.newest("wordpress", "post") if post["status"] == "publish")
    listed = [(post["title"] or post["slug"], link(call, post)) for post in islice(public, _ON_THE_FRONT_PAGE)]
    return HTMLResponse(pages.render("wordpress_home.html", posts=listed))


def post(call: Call) -> Response:
    for found in call.ledger.find("wordpress", "post", call.request.path_params["slug"]):
        if found["status"] == "publish":
            return HTMLResponse(_page(call, found))
    return _not_found()


def _page(call: Call, post: Document) -> str:
    picture = call.ledger.get("wordpress", "media", str(post["featured_media"]))
    return pages.render(
        "wordpress_post.html",
        title=post["title"] or post["slug"],
        published=post["date"],
        body=pages.safe_html(post["content"]),
        picture=call.link(f"/wordpress/wp-content/uploads/{picture['id']}/{picture['name']}") if picture else None,
        picture_alt=picture["alt_text"] if picture else "",
    )


def _not_found() -> Response:
    return HTMLResponse(pages.render("missing.html", what="post"), 404)
