"""A post's check against its sources, and what each of its sentences rests on."""

from collections.abc import Sequence

import sqlalchemy as sa

from pipeline.editorial.findings import Finding, good
from pipeline.editorial.grounding.finding import findings
from pipeline.editorial.grounding.statements import Statement, statements
from pipeline.editorial.items import source_of
from pipeline.store import grounding
from pipeline.store.database import transaction
from pipeline.store.grounding import Grounds
from pipeline.writing.base import Fact, Source
from pipeline.writing.offline import MODEL
from pipeline.writing.text import detect_language

ACTOR = "source check"


def check_sources(engine: sa.Engine, canonical_id: str) -> list[Finding]:
    """Check a post as it is now, and keep what was found with the hash of what was checked.

    Raises:
        UnknownPostError: there is no such post.
    """
    with transaction(engine, ACTOR) as connection:
        grounds = grounding.grounds_of(connection, canonical_id)
        sources = _sources(grounds)
        if sources:
            found = findings(
                grounds.content,
                sources,
                _facts(grounds),
                extractive=grounds.model == MODEL,
                may_copy=grounds.original is not None,
            )
        else:
            found = [good("sources", "It was written without a source to compare it with.", "content")]
        grounding.keep_check(connection, grounds.post_id, grounds.content_hash, [each.as_row() for each in found])
    return found


def sources_of(engine: sa.Engine, canonical_id: str) -> list[Statement]:
    """Which facts each sentence of the post rests on; none where it has no analysed source.

    Raises:
        UnknownPostError: there is no such post.
    """
    with engine.connect() as connection:
        grounds = grounding.grounds_of(connection, canonical_id)
    facts = _facts(grounds)
    return statements(grounds.content, facts, _language(grounds)) if facts else []


def _sources(grounds: Grounds) -> list[Source]:
    """All items that tell the story: a reviewer may have used any. For a repurposed post our own article."""
    sources = [source_of(item) for item in grounds.items]
    if grounds.original is not None:
        sources.append(Source(text=grounds.original.content, title=grounds.original.title))
    return sources


def _facts(grounds: Grounds) -> Sequence[Fact]:
    return [Fact.model_validate(fact) for fact in grounds.facts]


def _language(grounds: Grounds) -> str:
    return grounds.language or detect_language(grounds.content)
