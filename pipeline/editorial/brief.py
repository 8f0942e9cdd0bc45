"""The brief: what one article is to say, planned once and kept."""

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.items import analysis_of, source_of
from pipeline.store import link_targets, stories
from pipeline.store.database import transaction
from pipeline.writing.base import Brief, BriefTask, Writer, WriterError

_LINKS_TO_CHOOSE_FROM = 20


def write_brief(engine: sa.Engine, writer: Writer, canonical_id: str) -> Brief:
    """The story's brief: the stored one, or a new one, which is then stored.

    Raises:
        UnknownStoryError: there is no such story.
        WriterError: no usable answer; every call made is on the books. A BudgetExceededError before any call.
    """
    with engine.connect() as connection:
        story = stories.story(connection, canonical_id)
        topics = [topic.lower() for topic in story.topics]
        slugs = [
            post.slug
            for post in link_targets.related_posts(
                connection, story.vertical_id, topics, besides=canonical_id, limit=_LINKS_TO_CHOOSE_FROM
            )
        ]
        products = [product.name for product in link_targets.products(connection, story.vertical_id)]
    if story.brief is not None:
        return Brief.model_validate(story.brief)

    budget.check(engine, writer)
    task = BriefTask(source_of(story), analysis_of(story), story.vertical, slugs, products)
    try:
        written = writer.write_brief(task)
    except WriterError as error:
        budget.keep_bill(engine, error.usages, vertical_id=story.vertical_id, canonical_id=canonical_id)
        raise
    budget.keep_bill(engine, written.usages, vertical_id=story.vertical_id, canonical_id=canonical_id)
    brief = _with_what_exists(written.value, slugs, products)
    with transaction(engine, budget.ACTOR) as connection:
        stored = stories.keep_brief(connection, story.content_id, brief.model_dump(mode="json"))
        stories.story_worked(connection, canonical_id)
    return Brief.model_validate(stored)


def _with_what_exists(brief: Brief, slugs: list[str], products: list[str]) -> Brief:
    """A model can name links and products that nobody has."""
    return brief.model_copy(
        update={
            "internal_links": [slug for slug in brief.internal_links if slug in slugs],
            "affiliate_opportunities": [name for name in brief.affiliate_opportunities if name in products],
        }
    )
