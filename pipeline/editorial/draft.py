"""The draft: an article written from its brief, with its links, as a post that a person can review."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import budget, generated, hashing, links
from pipeline.editorial.linking import with_links
from pipeline.editorial.new_post import insert_post
from pipeline.store import posts, rewrites, stories
from pipeline.store.database import transaction
from pipeline.store.rewrites import Returned
from pipeline.store.stories import Story
from pipeline.vocabulary import ContentType, PostStatus
from pipeline.writing import offline
from pipeline.writing.base import Brief, Writer, WriterError


class NoBriefError(Exception):
    """The story has no brief yet; it comes first."""


class CannotRewriteError(WriterError):
    """The writer can't follow an editor's note; the draft is left to a person."""


def write_draft(engine: sa.Engine, writer: Writer, canonical_id: str) -> UUID:
    """The id of the story's post: the one there is, or a new draft. What is paid for is never paid for again.

    A draft that a model wrote and an editor returned is written anew, with the editor's note, under the same slug;
    unless a person has changed it since.

    Raises:
        UnknownStoryError: there is no such story.
        NoBriefError: it has no brief.
        CannotRewriteError: it was returned, and there is no model to follow the note.
        WriterError: no usable answer; every call made is on the books. A BudgetExceededError where none is allowed.
    """
    with engine.connect() as connection:
        existing = posts.id_of(connection, canonical_id)
        returned = rewrites.returned(connection, canonical_id) if existing is not None else None
        if existing is not None and returned is None:
            return existing
        story = stories.story(connection, canonical_id)
    if story.brief is None:
        raise NoBriefError(f"{canonical_id} has no brief yet.")
    brief = Brief.model_validate(story.brief)
    if returned is not None:
        return _rewrite(engine, writer, story, brief, returned)
    article = generated.article(engine, writer, story, brief)
    with transaction(engine, budget.ACTOR) as connection:
        stories.lock(connection, canonical_id)
        post_id = posts.id_of(connection, canonical_id) or _create_post(connection, story, brief, article)
        stories.story_worked(connection, canonical_id)
    return post_id


def _rewrite(engine: sa.Engine, writer: Writer, story: Story, brief: Brief, returned: Returned) -> UUID:
    if writer.model == offline.MODEL:
        raise CannotRewriteError(
            "Changes were asked for, and the offline writer can't follow a note: change the text yourself, "
            f"pressroom review edit {story.canonical_id}",
            retryable=False,
        )
    former = links.without_links(returned.content)
    article = generated.article(engine, writer, story, brief, note=returned.note, former=former)
    with transaction(engine, budget.ACTOR) as connection:
        seen = {
            **_seen(connection, story, article),
            "featured_image_url": returned.featured_image_url,
        }
        values = {
            **seen,
            "content_hash": hashing.post_content_hash(**seen, slug=returned.slug),
            "ai_model": article["model"],
            "generated_content_id": article["id"],
        }
        rewrites.replace_text(connection, returned, values)
        stories.story_worked(connection, story.canonical_id)
    return returned.post_id


def _create_post(connection: sa.Connection, story: Story, brief: Brief, article: sa.RowMapping) -> UUID:
    by_model = article["model"] != offline.MODEL
    seen = {**_seen(connection, story, article), "featured_image_url": None}
    values = {
        "canonical_id": story.canonical_id,
        "vertical_id": story.vertical_id,
        "author_id": posts.ensure_writer(connection),
        "content_type": ContentType.GENERATED,
        "status": PostStatus.DRAFT,
        "target_keyword": brief.target_keyword.lower(),
        "keywords": list(dict.fromkeys(word.lower() for word in (brief.target_keyword, *brief.secondary_keywords))),
        "ai_generated": by_model,
        "ai_model": article["model"] if by_model else None,
        "source_content_id": story.content_id,
        "generated_content_id": article["id"],
    }
    return insert_post(connection, seen, values)


def _seen(connection: sa.Connection, story: Story, article: sa.RowMapping) -> dict[str, Any]:
    """What a reader will see. Links are part of what a person reviews, so they come before the review."""
    return {
        "title": article["title"],
        "content": with_links(
            connection, article["content"], vertical_id=story.vertical_id, canonical_id=story.canonical_id
        ),
        "excerpt": article["excerpt"],
        "meta_title": article["meta_title"],
        "meta_description": article["meta_description"],
    }
