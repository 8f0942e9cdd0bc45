"""The brief: what one article is to say, planned once and kept."""

from collections.abc import Sequence

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.items import analysis_of, source_of
from pipeline.store import link_targets, stories
from pipeline.store.database import transaction
from pipeline.writing.base import Brief, BriefTask, Writer

_LINKS_TO_CHOOSE_FROM = 20
_PRODUCTS_TO_CHOOSE_FROM = 100


def write_brief(engine: sa.Engine, writer: Writer, canonical_id: str) -> Brief:
    """The story's brief: the stored one, or a new one, which is then stored.

    Raises:
        UnknownStoryError: there is no such story.
        WriterError: no usable answer; every call made is on the books. A BudgetExceededError where no call is allowed.
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
        sold = [product.name for product in link_targets.products(connection, story.vertical_id)]
    if story.brief is not None:
        return Brief.model_validate(story.brief)

    source = source_of(story)
    products = _to_choose_from(sold, source.text)
    task = BriefTask(source, analysis_of(story), story.vertical, slugs, products)
    book = budget.book(engine, vertical_id=story.vertical_id, canonical_id=canonical_id)
    written = writer.write_brief(task, book)
    brief = _with_what_exists(written.value, slugs, products)
    with transaction(engine, budget.ACTOR) as connection:
        stored = stories.keep_brief(connection, story.content_id, brief.model_dump(mode="json"))
        stories.story_worked(connection, canonical_id)
    return Brief.model_validate(stored)


def _to_choose_from(products: Sequence[str], text: str) -> list[str]:
    """As many as a prompt can hold: those that the source names first, then in the order given."""
    told = text.casefold()
    named = [product for product in products if product.casefold() in told]
    return list(dict.fromkeys([*named, *products]))[:_PRODUCTS_TO_CHOOSE_FROM]


def _with_what_exists(brief: Brief, slugs: list[str], products: list[str]) -> Brief:
    """A model can name links and products that nobody has."""
    return brief.model_copy(
        update={
            "internal_links": [slug for slug in brief.internal_links if slug in slugs],
            "affiliate_opportunities": [name for name in brief.affiliate_opportunities if name in products],
        }
    )
