"""Posts that people write or choose themselves. They go the way of the generated ones: SEO report, plan, review."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import markdown as md
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.seo import check_post
from pipeline.editorial.slugs import slugs
from pipeline.store import manual_posts, posts, sources
from pipeline.store.database import transaction
from pipeline.store.users import User
from pipeline.vocabulary import ContentType, PostStatus, UserRole

_MAY_WRITE: Final = {UserRole.WRITER, UserRole.REVIEWER, UserRole.ADMIN}
_OPEN: Final = {PostStatus.DRAFT, PostStatus.REVIEW}


class ManualPostError(Exception):
    """The post can't be brought in; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """`vertical` is its slug. Without a title, the text's level-1 heading is one.

    `description` is what search engines and the front page show of it.
    """

    vertical: str
    content: str
    content_type: ContentType
    title: str | None = None
    target_keyword: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class AddedPost:
    canonical_id: str
    status: PostStatus
    is_new: bool


def add_post(engine: sa.Engine, author: User, post: NewPost) -> AddedPost:
    """Store the post as a draft of its author's and check it. Its versions are the planner's to write.

    The vertical and the title say which post it is. The same again changes nothing; until it is approved, it is
    checked once more.

    Raises:
        ManualPostError: no text or title, no such vertical, not a writer, a type that only the line makes, or another
            text under this title.
    """
    if not _MAY_WRITE & author.roles:
        raise ManualPostError(f"{author.full_name} is not a writer.")
    if post.content_type == ContentType.GENERATED:
        raise ManualPostError("Generated posts come from sources; one that a person brings in is of another type.")
    if not post.content.strip():
        raise ManualPostError("The text is empty.")
    title = " ".join((post.title or _first_heading(post.content)).split())
    if not title:
        raise ManualPostError("The text has no level-1 heading to take the title from; give it one with --title.")
    with transaction(engine, author.full_name) as connection:
        added = _store(connection, author, post, title)
    if added.status in _OPEN:
        check_post(engine, added.canonical_id)
    return added


def _store(connection: sa.Connection, author: User, post: NewPost, title: str) -> AddedPost:
    vertical_id = manual_posts.lock_vertical(connection, post.vertical)
    if vertical_id is None:
        known = ", ".join(sources.verticals(connection)) or "none yet"
        raise ManualPostError(f"There is no vertical {post.vertical!r}; there are: {known}.")
    canonical_id = f"{post.vertical}-{hashlib.sha256(f'{vertical_id}:{title.casefold()}'.encode()).hexdigest()[:10]}"
    seen: dict[str, Any] = {
        "title": title,
        "content": post.content,
        "excerpt": post.description,
        "meta_title": None,
        "meta_description": post.description,
        "featured_image_url": None,
    }
    keyword = post.target_keyword.strip().lower() if post.target_keyword else None
    existing = manual_posts.known(connection, canonical_id)
    if existing is None:
        values = {
            "canonical_id": canonical_id,
            "vertical_id": vertical_id,
            "author_id": author.id,
            "content_type": post.content_type,
            "target_keyword": keyword,
            "keywords": [keyword] if keyword else [],
            **seen,
        }
        _insert(connection, values, seen)
        return AddedPost(canonical_id, PostStatus.DRAFT, is_new=True)
    if (existing.content_hash, existing.content_type, existing.target_keyword) != (
        post_content_hash(**seen, slug=existing.slug),
        post.content_type,
        keyword,
    ):
        raise ManualPostError(
            f"{canonical_id} has this title already and is another text. To change that one: pressroom review edit "
            f"{canonical_id} --file FILE. To add this one, give it another title."
        )
    return AddedPost(canonical_id, existing.status, is_new=False)


def _insert(connection: sa.Connection, values: Mapping[str, Any], seen: Mapping[str, Any]) -> UUID:
    """Under the first slug that is free; the unique constraint settles a race for it."""
    for slug in slugs(values["title"], values["canonical_id"]):
        row = {**values, "slug": slug, "content_hash": post_content_hash(**seen, slug=slug)}
        post_id = posts.create_post(connection, row)
        if post_id is not None:
            return post_id
    raise AssertionError("slugs never end")


def _first_heading(content: str) -> str:
    for before, token in pairwise(md.parse(content)):
        if before.type == "heading_open" and before.tag == "h1":
            return md.inline_text(token)
    return ""
