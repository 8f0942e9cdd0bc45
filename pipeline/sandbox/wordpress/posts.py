"""Posts: what the REST API does to them, slug, status and date included."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress import terms
from pipeline.sandbox.wordpress.access import User, authenticated, params, require, require_capability
from pipeline.sandbox.wordpress.errors import invalid_param, refusal
from pipeline.sandbox.wordpress.listing import id_list, only, page_of
from pipeline.sandbox.wordpress.rendering import link, shown, utc
from pipeline.sandbox.wordpress.slugs import free, slug_of

_STATUSES: Final = ("publish", "future", "draft", "pending", "private")
_TRASHED: Final = "__trashed"
_SCHEDULE_FROM: Final = timedelta(minutes=1)
"""Core takes a date less than a minute ahead for now."""
_CREATED: Final = {"publish": "post_created", "future": "post_scheduled"}
"""What a new post is in the ledger, by its status."""


def create(call: Call) -> Response:
    user = require(call, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
    now = call.now.isoformat(timespec="seconds")
    blank: Document = {
        "id": call.ledger.next_id("wordpress posts"),
        "date": now,
        "modified": now,
        "slug": "",
        "status": "draft",
        "title": "",
        "content": "",
        "excerpt": "",
        "author": user.id,
        "featured_media": 0,
        "comment_status": "open",
        "categories": [terms.UNCATEGORIZED],
        "tags": [],
    }
    post = _changed(call, blank)
    _keep(call.ledger, post)
    kind = _CREATED.get(post["status"], "post_drafted")
    call.record(kind, str(post["id"]), title=post["title"], text=post["content"], url=link(call, post))
    address = call.link(f"/wordpress/wp-json/wp/v2/posts/{post['id']}")
    return JSONResponse(shown(call, post, edit=True), 201, headers={"Location": address})


def update(call: Call) -> Response:
    user = require(call, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
    post = _changed(call, _own_post(call, user, "edit"))
    post["modified"] = call.now.isoformat(timespec="seconds")
    _keep(call.ledger, post)
    call.record("post_updated", str(post["id"]), title=post["title"], text=post["content"], url=link(call, post))
    return JSONResponse(shown(call, post, edit=True))


def delete(call: Call) -> Response:
    user = require(call, "rest_cannot_delete", "Sorry, you are not allowed to delete this post.")
    post = _own_post(call, user, "delete")
    forced = call.request.query_params.get("force", "").lower() in ("1", "true")
    if forced:
        call.ledger.remove("wordpress", "post", str(post["id"]))
        call.ledger.remove("wordpress", "due", str(post["id"]))
        answer: Any = {"deleted": True, "previous": shown(call, post, edit=True)}
    elif post["status"] == "trash":
        raise refusal(410, "rest_already_trashed", "The post has already been deleted.")
    else:
        post |= {"status": "trash", "slug": f"{post['slug']}{_TRASHED}"}
        _keep(call.ledger, post)
        answer = shown(call, post, edit=True)
    call.record("post_deleted", str(post["id"]), title=post["title"])
    return JSONResponse(answer)


def read(call: Call) -> Response:
    query = call.request.query_params
    post = _post(call)
    edit = _context_edit(call)
    if post["status"] != "publish" and not authenticated(call):
        raise refusal(401, "rest_forbidden", "Sorry, you are not allowed to do that.")
    return JSONResponse(only(shown(call, post, edit=edit), query))


def search(call: Call) -> Response:
    query = call.request.query_params
    edit = _context_edit(call)
    statuses = [status for value in query.getlist("status") for status in value.split(",")] or ["publish"]
    for status in statuses:
        if status not in (*_STATUSES, "any", "trash"):
            raise invalid_param("status", f"status[0] is not one of {', '.join(_STATUSES)}, trash, and any.")
    if statuses != ["publish"] and not authenticated(call):
        raise invalid_param("status", "Status is forbidden.")
    wanted = {*statuses, *(_STATUSES if "any" in statuses else ())}  # `any` leaves the trash out, as in core
    found = [post for post in _candidates(call) if post["status"] in wanted]
    if needle := query.get("search", "").strip().lower():
        found = [post for post in found if needle in f"{post['title']}\n{post['content']}".lower()]
    for name in ("categories", "tags"):
        if name in query:
            ids = set(id_list(query[name], name))
            found = [post for post in found if ids & set(post[name])]
    if "after" in query:
        limit = utc(query["after"], "after")
        found = [post for post in found if datetime.fromisoformat(post["date"]) > limit]
    if "before" in query:
        limit = utc(query["before"], "before")
        found = [post for post in found if datetime.fromisoformat(post["date"]) < limit]
    found.sort(key=lambda post: (post["date"], post["id"]), reverse=query.get("order", "desc") != "asc")
    return page_of([shown(call, post, edit=edit) for post in found], query)


def publish_due(ledger: Ledger, now: datetime) -> None:
    """Publish the scheduled posts whose time has come."""
    for due in list(ledger.newest("wordpress", "due")):
        at = datetime.fromisoformat(due["at"])
        post = ledger.get("wordpress", "post", due["id"])
        if at > now or post is None:
            continue
        post["status"] = "publish"
        _keep(ledger, post)
        ledger.record(
            platform="wordpress",
            kind="post_published",
            external_id=due["id"],
            at=at,
            request="the schedule",
            title=post["title"],
            text=post["content"],
            url=due["url"],
        )


def _candidates(call: Call) -> Iterable[Document]:
    """The posts that `include` or `slug` names, looked up; else all."""
    query = call.request.query_params
    if "include" in query:
        ids = id_list(query["include"], "include")
        found = [call.ledger.get("wordpress", "post", str(id_)) for id_ in dict.fromkeys(ids)]
        return [post for post in found if post is not None]
    if "slug" in query:
        return [post for slug in query["slug"].split(",") for post in call.ledger.find("wordpress", "post", slug)]
    return call.ledger.newest("wordpress", "post")


def _changed(call: Call, post: Document) -> Document:
    """The post with the call's parameters applied. Raises: Refusal."""
    asked = params(call)
    changed = {**post}
    for name in ("title", "content", "excerpt"):
        if name in asked:
            changed[name] = _raw(asked[name], changed[name])
    if not (changed["title"].strip() or changed["content"].strip() or changed["excerpt"].strip()):
        raise refusal(400, "empty_content", "Content, title, and excerpt are empty.")
    for name, taxonomy in (("categories", terms.TAXONOMIES["category"]), ("tags", terms.TAXONOMIES["post_tag"])):
        if name in asked:
            changed[name] = terms.known(call.ledger, taxonomy, id_list(asked[name], name))
    if "featured_media" in asked:
        changed["featured_media"] = _featured_media(call, asked["featured_media"], changed["featured_media"])
    if "comment_status" in asked:
        changed["comment_status"] = _one_of(asked["comment_status"], "comment_status", ("open", "closed"))
    return _placed(call, changed, asked)


def _placed(call: Call, changed: Document, asked: Document) -> Document:
    """The post with its date, and the status and slug that follow from it. Raises: Refusal."""
    if asked.get("date_gmt") or asked.get("date"):
        name = "date_gmt" if asked.get("date_gmt") else "date"
        changed["date"] = utc(asked[name], name).isoformat(timespec="seconds")
    if "status" in asked:
        changed["status"] = _one_of(asked["status"], "status", _STATUSES)
    if changed["status"] in ("publish", "future", "private"):
        message = "Sorry, you are not allowed to publish posts in this post type."
        require_capability(call, "publish_posts", "rest_cannot_publish", message)
    changed["status"] = _by_date(changed, call.now)
    changed["slug"] = _slug(call.ledger, changed, asked)
    if changed["status"] == "future":
        # The page's address, for the effect that the clock will bring about.
        changed["url"] = call.link(f"/wordpress/{changed['slug']}/")
    return changed


def _by_date(post: Document, now: datetime) -> str:
    """`publish` in the future is `future`, and `future` in the past is `publish`."""
    ahead = datetime.fromisoformat(post["date"]) - now >= _SCHEDULE_FROM
    if post["status"] in ("publish", "future"):
        return "future" if ahead else "publish"
    return str(post["status"])


def _slug(ledger: Ledger, post: Document, asked: Document) -> str:
    """The slug that core would give: a taken one gets a number. Drafts without one wait until they are published."""
    wanted = slug_of(str(asked["slug"])) if asked.get("slug") else str(post["slug"])
    if wanted.endswith(_TRASHED) and post["status"] != "trash":
        wanted = wanted.removesuffix(_TRASHED)
    if not wanted:
        if post["status"] in ("draft", "pending"):
            return ""
        wanted = slug_of(post["title"]) or str(post["id"])
    return free(wanted, lambda slug: any(other["id"] != post["id"] for other in ledger.find("wordpress", "post", slug)))


def _keep(ledger: Ledger, post: Document) -> None:
    id_ = str(post["id"])
    ledger.put("wordpress", "post", id_, post, lookup=post["slug"])
    if post["status"] == "future":
        ledger.put("wordpress", "due", id_, {"id": id_, "at": post["date"], "url": post["url"]})
    else:
        ledger.remove("wordpress", "due", id_)


def _post(call: Call) -> Document:
    post = call.ledger.get("wordpress", "post", str(call.request.path_params["id"]))
    if post is None:
        raise refusal(404, "rest_post_invalid_id", "Invalid post ID.")
    return post


def _context_edit(call: Call) -> bool:
    context = _one_of(call.request.query_params.get("context", "view"), "context", ("view", "embed", "edit"))
    if context == "edit":
        require(call, "rest_forbidden_context", "Sorry, you are not allowed to edit posts in this post type.")
    return context == "edit"


def _own_post(call: Call, user: User, verb: str) -> Document:
    """The post, which the user may edit or delete. Raises: Refusal."""
    post = _post(call)
    if post["author"] != user.id:
        message = f"Sorry, you are not allowed to {verb} this post."
        require_capability(call, f"{verb}_others_posts", f"rest_cannot_{verb}", message)
    return post


def _featured_media(call: Call, value: Any, now: int) -> int:
    """What is no picture of the site's is dropped without a word."""
    (id_,) = id_list([value], "featured_media")
    item = call.ledger.get("wordpress", "media", str(id_))
    return id_ if id_ == 0 or (item and item["mime_type"].startswith("image/")) else now


def _raw(value: Any, before: str) -> str:
    """The text of a field; core passes over what is none."""
    text = value.get("raw") if isinstance(value, dict) else value
    return text if isinstance(text, str) else before


def _one_of(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise invalid_param(name, f"{name} is not one of {', '.join(allowed[:-1])}, and {allowed[-1]}.")
    return str(value)
