"""How the REST API shows a post."""

import html
from datetime import UTC, datetime
from typing import Any

import nh3

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.errors import invalid_param

_EXCERPT_WORDS = 55


def utc(value: Any, name: str) -> datetime:
    """A date of a request; without an offset it is UTC, which is the site's zone too. Raises: Refusal."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid_param(name, "Invalid date.") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def link(call: Call, post: Document) -> str:
    """The permalink, or the plain address of what isn't public."""
    return call.link(f"/wordpress/{post['slug']}/" if post["status"] == "publish" else f"/wordpress/?p={post['id']}")


def shown(call: Call, post: Document, *, edit: bool) -> dict[str, Any]:
    """The post in the context `view`, or `edit` with the raw texts."""
    date, modified = _local(post["date"]), _local(post["modified"])
    body: dict[str, Any] = {
        "id": post["id"],
        "date": date,
        "date_gmt": date,
        "guid": _text(call.link(f"/wordpress/?p={post['id']}"), edit=edit),
        "modified": modified,
        "modified_gmt": modified,
        "slug": post["slug"],
        "status": post["status"],
        "type": "post",
        "link": link(call, post),
        "title": _text(post["title"], post["title"].replace("&", "&#038;"), edit=edit),
        "content": {**_text(post["content"], edit=edit), "protected": False},
        "excerpt": {**_text(post["excerpt"], _excerpt(post), edit=edit), "protected": False},
        "author": post["author"],
        "featured_media": post["featured_media"],
        "comment_status": post["comment_status"],
        "ping_status": "closed",
        "sticky": False,
        "template": "",
        "format": "standard",
        "meta": {"footnotes": ""},  # the only key that core registers: others are dropped
        "categories": post["categories"],
        "tags": post["tags"],
        "_links": {"self": [{"href": call.link(f"/wordpress/wp-json/wp/v2/posts/{post['id']}")}]},
    }
    if edit:
        body |= {"password": "", "permalink_template": call.link("/wordpress/%postname%/")}
    return body


def _text(raw: str, rendered: str | None = None, *, edit: bool) -> dict[str, str]:
    shown = raw if rendered is None else rendered
    return {"raw": raw, "rendered": shown} if edit else {"rendered": shown}


def _excerpt(post: Document) -> str:
    if post["excerpt"]:
        return f"<p>{html.escape(post['excerpt'], quote=False)}</p>\n"
    words = nh3.clean(post["content"], tags=set()).split()
    more = " [&hellip;]" if len(words) > _EXCERPT_WORDS else ""
    return f"<p>{' '.join(words[:_EXCERPT_WORDS])}{more}</p>\n"


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%dT%H:%M:%S")
