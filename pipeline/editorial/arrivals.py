"""What posts that did not come from a story share: where they are brought in, what is seen of them, what came of it."""

from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.store import manual_posts, sources
from pipeline.store.manual_posts import Home
from pipeline.vocabulary import PostStatus

OPEN = frozenset({PostStatus.DRAFT, PostStatus.REVIEW})
"""While its post is one of these, a text can still be checked, planned and changed."""


class ArrivalError(Exception):
    """The post can't be brought in; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The post that there is now. `is_new`: it came in by this very call. `same_story` is the canonical id of what
    tells the same already.
    """

    canonical_id: str
    status: PostStatus
    is_new: bool
    same_story: str | None = None


def lock_vertical(connection: sa.Connection, slug: str | None) -> Home:
    """The vertical, which only this transaction brings posts into until it ends; without a slug, the only one there is.

    Raises:
        ArrivalError: there is no such vertical, or there are several to choose from.
    """
    known = sources.verticals(connection)
    if slug is None and len(known) == 1:
        slug = known[0]
    if slug is None:
        raise ArrivalError(f"Say which vertical it is for; there are: {', '.join(known) or 'none yet'}.")
    found = manual_posts.lock_vertical(connection, slug)
    if found is None:
        raise ArrivalError(f"There is no vertical {slug!r}; there are: {', '.join(known) or 'none yet'}.")
    return found


def seen_of(title: str, content: str, excerpt: str | None, description: str | None) -> dict[str, str | None]:
    """What a reader of the post can see, as the columns that its hash covers; the slug is not among them yet."""
    return {
        "title": title,
        "content": content,
        "excerpt": excerpt,
        "meta_title": None,
        "meta_description": description,
        "featured_image_url": None,
    }
