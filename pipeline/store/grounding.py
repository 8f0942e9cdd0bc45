"""What a post stands on, and the reports on what it says beyond that (`source_checks`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import story_items
from pipeline.store.posts import UnknownPostError
from pipeline.store.story_items import ItemText
from pipeline.store.tables import source_checks


@dataclass(frozen=True, slots=True)
class Original:
    """Our own post that another one was made from."""

    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """A post's text, the items that tell its story, their facts, and the post it was repurposed from.

    `language` is the analysis', None without one; `model` is what generated the text, None where a person wrote it.
    """

    post_id: UUID
    content: str
    content_hash: str
    items: Sequence[ItemText]
    facts: Sequence[Mapping[str, str]]
    language: str | None
    model: str | None
    original: Original | None


def grounds_of(connection: sa.Connection, canonical_id: str) -> Grounds:
    """Raises: UnknownPostError."""
    row = connection.execute(
        sa.text("""
            select p.id, p.content, p.content_hash, p.source_content_id, ca.extracted_facts -> 'facts' as facts,
                ca.language, g.model, original.title as original_title, original.content as original_content
            from publisher_posts p
            left join content_analysis ca on ca.content_id = p.source_content_id
            left join generated_content g on g.id = p.generated_content_id
            left join publisher_posts original on original.id = p.repurposed_from
            where p.canonical_id = :canonical_id
        """),
        {"canonical_id": canonical_id},
    ).one_or_none()
    if row is None:
        raise UnknownPostError(f"No post is called {canonical_id!r}.")
    return Grounds(
        post_id=row.id,
        content=row.content,
        content_hash=row.content_hash,
        items=story_items.all_that_tell(connection, row.source_content_id) if row.source_content_id else (),
        facts=row.facts or (),
        language=row.language,
        model=row.model,
        original=None if row.original_title is None else Original(row.original_title, row.original_content),
    )


def keep_check(
    connection: sa.Connection, post_id: UUID, content_hash: str, findings: Sequence[Mapping[str, Any]]
) -> None:
    """One report for each version of a post's text; checked again, it is brought up to date."""
    connection.execute(
        insert(source_checks)
        .values(post_id=post_id, content_hash=content_hash, findings=list(findings))
        .on_conflict_do_update(index_elements=["post_id", "content_hash"], set_={"findings": list(findings)})
    )
