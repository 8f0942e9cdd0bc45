"""The draft: an article written from its brief, with its links, as a post that a person can review."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol, runtime_checkable
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import budget, hashing, links
from pipeline.editorial.items import analysis_of, source_of
from pipeline.editorial.markdown import reading_minutes, word_count
from pipeline.editorial.slugs import slugs
from pipeline.store import link_targets, posts, stories
from pipeline.store.database import transaction
from pipeline.store.stories import Story
from pipeline.vocabulary import ContentType, PostStatus
from pipeline.writing import offline
from pipeline.writing.base import ArticleTask, Brief, Writer, WriterError
from pipeline.writing.prompt import OutputType, PromptTemplate

_LINKS_TO_CHOOSE_FROM = 50


class NoBriefError(Exception):
    """The story has no brief yet; it comes first."""


@runtime_checkable
class Templated(Protocol):
    """A writer that writes by templates: which one is part of what an article is made from."""

    templates: Mapping[OutputType, PromptTemplate]


def write_draft(engine: sa.Engine, writer: Writer, canonical_id: str) -> UUID:
    """The id of the story's post: the one there is, or a new draft. What is paid for is never paid for again.

    Raises:
        UnknownStoryError: there is no such story.
        NoBriefError: it has no brief.
        WriterError: no usable answer; every call made is on the books. A BudgetExceededError before any call.
    """
    with engine.connect() as connection:
        existing = posts.id_of(connection, canonical_id)
        if existing is not None:
            return existing
        story = stories.story(connection, canonical_id)
    if story.brief is None:
        raise NoBriefError(f"{canonical_id} has no brief yet.")
    brief = Brief.model_validate(story.brief)
    generated = _generate(engine, writer, story, brief)
    with transaction(engine, budget.ACTOR) as connection:
        stories.lock(connection, canonical_id)
        post_id = posts.id_of(connection, canonical_id) or _create_post(connection, story, brief, generated)
        stories.story_worked(connection, canonical_id)
    return post_id


def _generate(engine: sa.Engine, writer: Writer, story: Story, brief: Brief) -> sa.RowMapping:
    """The row of `generated_content` for this story, written now or by an earlier run from the same input."""
    task = ArticleTask(
        source=source_of(story),
        brief=brief,
        facts=analysis_of(story).facts,
        vertical=story.vertical,
        voice="; ".join(f"{name}: {value}" for name, value in sorted(story.voice_profile.items())),
    )
    template = writer.templates["article"] if isinstance(writer, Templated) else None
    input_hash = _input_hash(story, writer, task, template)
    with engine.connect() as connection:
        earlier = posts.generated_from(connection, input_hash)
    if earlier is not None:
        return earlier

    budget.check(engine, writer)
    try:
        written = writer.write_article(task)
    except WriterError as error:
        budget.keep_bill(engine, error.usages, vertical_id=story.vertical_id, canonical_id=story.canonical_id)
        raise
    budget.keep_bill(engine, written.usages, vertical_id=story.vertical_id, canonical_id=story.canonical_id)
    article = written.value
    length = word_count(article.content)
    with transaction(engine, budget.ACTOR) as connection:
        return posts.keep_generated(
            connection,
            {
                **article.model_dump(),
                "source_content_id": story.content_id,
                "template_id": template.id if template else None,
                "content_type": ContentType.GENERATED,
                "word_count": length,
                "reading_time": reading_minutes(length),
                "metadata": {"canonical_id": story.canonical_id, "target_word_count": brief.target_word_count},
                "model": written.model,
                "input_hash": input_hash,
            },
        )


def _input_hash(story: Story, writer: Writer, task: ArticleTask, template: PromptTemplate | None) -> str:
    """Of everything the answer depends on."""
    return hashing.content_hash(
        {
            "content": str(story.content_id),
            "model": writer.model,
            "template": None if template is None else {**asdict(template), "id": None},
            "task": {
                **asdict(task),
                "brief": task.brief.model_dump(mode="json"),
                "facts": [fact.model_dump() for fact in task.facts],
            },
        }
    )


def _create_post(connection: sa.Connection, story: Story, brief: Brief, generated: sa.RowMapping) -> UUID:
    """Insert the draft under the first slug that is free; the unique constraint settles a race for it."""
    keywords = list(dict.fromkeys(word.lower() for word in (brief.target_keyword, *brief.secondary_keywords)))
    content = _with_links(connection, story, keywords, generated["content"])
    by_model = generated["model"] != offline.MODEL
    seen = {
        "title": generated["title"],
        "content": content,
        "excerpt": generated["excerpt"],
        "meta_title": generated["meta_title"],
        "meta_description": generated["meta_description"],
        "featured_image_url": None,
    }
    values = {
        "canonical_id": story.canonical_id,
        "vertical_id": story.vertical_id,
        "author_id": posts.ensure_writer(connection),
        "content_type": ContentType.GENERATED,
        "status": PostStatus.DRAFT,
        **seen,
        "target_keyword": brief.target_keyword.lower(),
        "keywords": keywords,
        "ai_generated": by_model,
        "ai_model": generated["model"] if by_model else None,
        "source_content_id": story.content_id,
        "generated_content_id": generated["id"],
    }
    for slug in slugs(generated["title"], story.canonical_id):
        content_hash = hashing.post_content_hash(**seen, slug=slug)
        post_id = posts.create_post(connection, {**values, "slug": slug, "content_hash": content_hash})
        if post_id is not None:
            return post_id
    raise AssertionError("slugs never end")


def _with_links(connection: sa.Connection, story: Story, keywords: list[str], content: str) -> str:
    """Links are part of what a person reviews, so they come before the review."""
    products = [
        links.Target(product.affiliate_url, product.keywords)
        for product in link_targets.products(connection, story.vertical_id)
    ]
    related = [
        links.Target(post.url, [*filter(None, [post.target_keyword]), *post.keywords])
        for post in link_targets.related_posts(
            connection, story.vertical_id, keywords, besides=story.canonical_id, limit=_LINKS_TO_CHOOSE_FROM
        )
    ]
    return links.add_links(content, products, related)
