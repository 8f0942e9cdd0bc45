"""Changing the text of a post that is not approved: by hand, or back to what it said before."""

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from pipeline.editorial import desk, links
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.linking import with_links
from pipeline.editorial.permissions import Action
from pipeline.editorial.seo import check_post
from pipeline.store import revisions
from pipeline.store.reviews import Reviewable
from pipeline.store.revisions import PostText
from pipeline.store.users import User
from pipeline.vocabulary import PostStatus

_OPEN: Final = {PostStatus.DRAFT, PostStatus.REVIEW}
_STALE: Final = "the text was changed, and this version is not written anew yet"


def revise(engine: sa.Engine, canonical_id: str, editor: User, text: PostText, *, revision: int | None = None) -> bool:
    """Give a post that is not approved another text, and check it. Returns whether anything changed.

    What was planned of the former text can't be approved until the planner has written it anew. `revision` is the one
    that the editor worked from: where somebody changed it meanwhile, theirs is not overwritten.

    Raises:
        ReviewError: it is approved, there is no text or title, the editor is neither a reviewer nor its author, or it
            is another revision.
    """
    with desk.at_desk(engine, canonical_id, editor, Action.EDIT, _OPEN) as (connection, post):
        desk.refuse_other_revision(post, revision)
        changed = _replace(connection, post, text)
    if changed:
        check_post(engine, canonical_id)
    return changed


def restore(engine: sa.Engine, canonical_id: str, editor: User, number: int) -> bool:
    """Make the text of an old revision the present one: a new revision that says the same. As `revise`."""
    with desk.at_desk(engine, canonical_id, editor, Action.EDIT, _OPEN) as (connection, post):
        text = revisions.text_of(connection, post.id, number)
        if text is None:
            raise ReviewError(f"{canonical_id} has no revision {number}; the latest is {post.revision}.")
        changed = _replace(connection, post, text)
    if changed:
        check_post(engine, canonical_id)
    return changed


def relink(engine: sa.Engine, canonical_id: str, editor: User, *, remove: bool = False) -> bool:
    """Put our links into the text as into a draft's, those of now for those of before; or only take ours out, byte for
    byte. What a person linked stays. As `revise`.
    """
    with desk.at_desk(engine, canonical_id, editor, Action.EDIT, _OPEN) as (connection, post):
        text = revisions.text_of(connection, post.id, post.revision)
        assert text is not None
        content = links.without_links(text.content)
        if not remove:
            content = with_links(connection, content, vertical_id=post.vertical_id, canonical_id=canonical_id)
        changed = _replace(connection, post, replace(text, content=content))
    if changed:
        check_post(engine, canonical_id)
    return changed


def _replace(connection: sa.Connection, post: Reviewable, text: PostText) -> bool:
    text = _tidy(text)
    if text == revisions.text_of(connection, post.id, post.revision):
        return False
    hashed = post_content_hash(
        title=text.title,
        slug=post.slug,
        content=text.content,
        excerpt=text.excerpt,
        meta_title=text.meta_title,
        meta_description=text.meta_description,
        featured_image_url=post.featured_image_url,
    )
    revisions.replace_text(connection, post.id, text, hashed)
    revisions.void_versions(connection, post.id, _STALE)
    return True


def _tidy(text: PostText) -> PostText:
    title = " ".join(text.title.split())
    if not title:
        raise ReviewError("The title is empty.")
    if not text.content.strip():
        raise ReviewError("The text is empty; to drop the post, reject it.")
    keyword = text.target_keyword.strip().lower() if text.target_keyword else None
    return replace(text, title=title, target_keyword=keyword or None)
