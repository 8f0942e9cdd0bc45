"""Asking after posts: where one stands, and the figures of those that everybody can see."""

from datetime import datetime
from typing import Any, Final

from pydantic import Field
from starlette.responses import Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.tiktok import posts
from pipeline.sandbox.tiktok.access import Part, body
from pipeline.sandbox.tiktok.credentials import User
from pipeline.sandbox.tiktok.errors import answer, invalid, refused

_LONGEST_TITLE: Final = 150
_FIELDS: Final = frozenset(
    {
        *("id", "create_time", "title", "video_description", "duration", "height", "width"),
        *("cover_image_url", "share_url", "embed_html", "embed_link"),
        *("like_count", "comment_count", "share_count", "view_count"),
    }
)


class _Asked(Part):
    publish_id: str


class _Filters(Part):
    video_ids: list[str] = Field(min_length=1, max_length=20)


class _Query(Part):
    filters: _Filters


class _Page(Part):
    cursor: int | None = None
    max_count: int = Field(default=10, ge=1, le=20)


def status(call: Call, user: User) -> Response:
    post = posts.find(call, body(call, _Asked).publish_id)
    if post is None:
        raise refused(400, "invalid_publish_id", "The publish_id does not exist.")
    if post["username"] != user.username:
        code = "token_not_authorized_for_specified_publish_id"
        raise refused(400, code, "The access token does not have the authorization for this publish_id.")
    state = posts.status(call, post)
    data: dict[str, Any] = {"status": state, "publicaly_available_post_id": []}
    if state == "FAILED":
        data["fail_reason"] = post["fail_reason"]
    if posts.is_listed(call, post):
        data["publicaly_available_post_id"] = [int(post["post_id"])]
    if post["pictures"]:
        data["downloaded_bytes"] = 0
    else:
        data["uploaded_bytes"] = post["uploaded"]
    return answer(data)


def query(call: Call, user: User) -> Response:
    """The user's own posts among those asked for; of others, and of those not for everybody, it says nothing."""
    fields = _fields(call)
    asked = body(call, _Query).filters.video_ids
    found = [posts.by_post_id(call, id_) for id_ in dict.fromkeys(asked)]
    theirs = [post for post in found if post and post["username"] == user.username and posts.is_listed(call, post)]
    return answer({"videos": [_shown(call, post, fields) for post in theirs]})


def listed(call: Call, user: User) -> Response:
    """A page of the user's public posts, newest first; the cursor is a time in milliseconds."""
    fields = _fields(call)
    asked = body(call, _Page)
    matching = [
        post
        for post in posts.of_user(call, user)
        if posts.is_listed(call, post) and (asked.cursor is None or _milliseconds(post) < asked.cursor)
    ]
    page = matching[: asked.max_count]
    return answer(
        {
            "videos": [_shown(call, post, fields) for post in page],
            "cursor": _milliseconds(page[-1]) if page else 0,
            "has_more": len(matching) > len(page),
        }
    )


def _fields(call: Call) -> frozenset[str]:
    given = frozenset(filter(None, call.request.query_params.get("fields", "").split(",")))
    if not given or not given <= _FIELDS:
        raise invalid(f"fields: must be some of {','.join(sorted(_FIELDS))}")
    return given


def _shown(call: Call, post: Document, fields: frozenset[str]) -> dict[str, Any]:
    published = datetime.fromisoformat(post["whole"])
    growth = Growth(f"tiktok/{post['post_id']}", call.age(published))
    views = growth.final("views", 300, 60_000)
    said = post["title"] or post["description"]
    page = posts.page_of(call, post)
    available: dict[str, Any] = {
        "id": post["post_id"],
        "create_time": int(published.timestamp()),
        "cover_image_url": "https://example.com/cover.webp",
        "share_url": page,
        "video_description": post["description"][:_LONGEST_TITLE],
        "duration": 0 if post["pictures"] else 3,
        "height": 1920,
        "width": 1080,
        "title": said[:_LONGEST_TITLE],
        "embed_html": "",
        "embed_link": page,
        "like_count": growth.share("likes", views, 0.02, 0.09),
        "comment_count": growth.share("comments", views, 0.0005, 0.006),
        "share_count": growth.share("shares", views, 0.0005, 0.008),
        "view_count": growth.share("views", views, 1, 1),
    }
    return {name: value for name, value in available.items() if name in fields}


def _milliseconds(post: Document) -> int:
    return int(datetime.fromisoformat(post["whole"]).timestamp() * 1000)
