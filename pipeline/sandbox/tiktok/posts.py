"""What is known of one post from its beginning: its file, how far it has come, and where it stands."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.tiktok.access import DAY
from pipeline.sandbox.tiktok.credentials import User

PUBLIC: Final = "PUBLIC_TO_EVERYONE"
_FIRST_ID: Final = 7_500_000_000_000_000_001
_IDS: Final = "tiktok ids"


def begin(call: Call, user: User, prefix: str, said: Document, **facts: Any) -> Document:
    """A new post, of whose file nothing has arrived."""
    number = call.ledger.next_id(_IDS, at_least=_FIRST_ID)
    post: Document = {
        "publish_id": f"{prefix}.{number}",
        "post_id": str(call.ledger.next_id(_IDS)),
        "username": user.username,
        "begun": call.now.isoformat(),
        "whole": None,
        "fail_reason": None,
        "is_draft": False,
        "title": "",
        "description": "",
        "privacy_level": None,
        "pictures": [],
        "upload_token": secrets.token_urlsafe(16),
        "uploaded": 0,
        "crc32": 0,
        **said,
        **facts,
    }
    keep(call, post)
    return post


def keep(call: Call, post: Document) -> None:
    call.ledger.put("tiktok", "post", post["publish_id"], post, lookup=post["post_id"])


def find(call: Call, publish_id: str) -> Document | None:
    return call.ledger.get("tiktok", "post", publish_id)


def by_post_id(call: Call, post_id: str) -> Document | None:
    return next(iter(call.ledger.find("tiktok", "post", post_id)), None)


def finish(call: Call, post: Document) -> None:
    """All of it has arrived: unless it can't be played or shown, this is what publishes it."""
    post["whole"] = call.now.isoformat()
    keep(call, post)
    if post["fail_reason"] is None and not post["is_draft"]:
        call.record(
            "post_published", post["post_id"], title=post["title"], text=post["description"], url=page_of(call, post)
        )


def status(call: Call, post: Document) -> str:
    """TikTok works on what has arrived, then fails it, sends it to the user's inbox, or shows it."""
    working = "PROCESSING_DOWNLOAD" if post["pictures"] else "PROCESSING_UPLOAD"
    if post["whole"] is None or _age(call, post) < call.processing / 2:
        return working
    if post["fail_reason"]:
        return "FAILED"
    return "SEND_TO_USER_INBOX" if post["is_draft"] else "PUBLISH_COMPLETE"


def is_listed(call: Call, post: Document) -> bool:
    """Whether everybody can see it: complete, meant for everybody, and seen by TikTok's moderators."""
    return (
        status(call, post) == "PUBLISH_COMPLETE"
        and post["privacy_level"] == PUBLIC
        and _age(call, post) >= call.processing
    )


def of_user(call: Call, user: User) -> Iterator[Document]:
    """The user's posts, newest first."""
    return (post for post in call.ledger.newest("tiktok", "post") if post["username"] == user.username)


def count_of_day(call: Call, user: User, *, is_draft: bool) -> int:
    """How many whole ones the user's last 24 hours have had."""
    return sum(
        post["is_draft"] is is_draft and post["whole"] is not None and _age(call, post) < DAY
        for post in of_user(call, user)
    )


def page_of(call: Call, post: Document) -> str:
    kind = "photo" if post["pictures"] else "video"
    return call.link(f"/tiktok/@{post['username']}/{kind}/{post['post_id']}")


def _age(call: Call, post: Document) -> timedelta:
    """How long ago all of it had arrived."""
    return call.now - datetime.fromisoformat(post["whole"])
