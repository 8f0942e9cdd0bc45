"""Analyses of items, and which items wait for one.

An item is leased while it is analysed, by the columns that a story's lease uses later: it can't be both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import content_analysis

MOST_ATTEMPTS: Final = 3

WAITING: Final = f"""
    rc.hook_strength is null and rc.canonical_id is null and rc.story_attempts < {MOST_ATTEMPTS}
    and (rc.story_lease_until is null or rc.story_lease_until < now())
"""


@dataclass(frozen=True, slots=True)
class Unanalysed:
    content_id: UUID
    vertical_id: UUID
    title: str | None
    caption: str
    description: str | None
    url: str | None
    publisher: str
    language: str | None


# What readers liked comes first: it can become a story.
_CLAIM: Final = sa.text(f"""
    with waiting as (
        select rc.id from raw_content rc where {WAITING} and not exists (
            select from content_sources cs where cs.id = rc.source_id and cs.vertical_id = any(cast(:besides as uuid[]))
        )
        order by rc.engagement_rate desc nulls last, rc.engagement_percentile desc nulls last, rc.id
        limit :limit
        for update of rc skip locked
    )
    update raw_content rc
    set story_lease_until = now() + :lease, story_attempts = rc.story_attempts + 1
    from waiting, content_sources cs
    where rc.id = waiting.id and cs.id = rc.source_id
    returning rc.id as content_id, cs.vertical_id, rc.title, rc.caption, rc.description, rc.url,
        coalesce(rc.account, cs.name) as publisher, rc.language
""")  # noqa: S608 - a constant of this module


def claim_unanalysed(
    connection: sa.Connection, *, limit: int, lease: timedelta, besides: Sequence[UUID] = ()
) -> list[Unanalysed]:
    """Lease items that have no analysis, of all verticals but `besides`.

    An item that failed `MOST_ATTEMPTS` times is left alone.
    """
    rows = connection.execute(_CLAIM, {"limit": limit, "lease": lease, "besides": list(besides)}).mappings()
    return [Unanalysed(**row) for row in rows]


def keep_analysis(
    connection: sa.Connection,
    item: Unanalysed,
    *,
    topics: Sequence[str],
    facts: Sequence[Mapping[str, str]],
    hook_strength: int,
    language: str,
    entities: Sequence[str],
    model: str,
) -> bool:
    """Store an item's analysis, unless it has one, and end its lease.

    Returns:
        False where the item's text is another by now: nothing is stored, and it waits for its analysis again.
    """
    unchanged = connection.scalar(
        sa.text("""
            select (title, caption, description) is not distinct from
                (cast(:title as text), cast(:caption as text), cast(:description as text))
            from raw_content where id = :id for update
        """),
        {"id": item.content_id, "title": item.title, "caption": item.caption, "description": item.description},
    )
    if not unchanged:
        release_unanalysed(connection, [item.content_id])
        return False
    connection.execute(
        insert(content_analysis)
        .values(
            content_id=item.content_id,
            topics=list(topics),
            extracted_facts={"facts": list(facts)},
            hook_strength=hook_strength,
            language=language,
            entities=list(entities),
            model=model,
        )
        .on_conflict_do_nothing(index_elements=["content_id"])
    )
    connection.execute(
        sa.text("""
            update raw_content set story_lease_until = null, story_attempts = 0, story_error = null
            where id = :id and canonical_id is null
        """),
        {"id": item.content_id},
    )
    return True


def analysis_failed(connection: sa.Connection, content_id: UUID, error: str, *, retry: bool) -> None:
    """End the lease and keep the reason."""
    connection.execute(
        sa.text(f"""
            update raw_content set story_lease_until = null, story_error = :error,
                story_attempts = case when :retry then story_attempts else {MOST_ATTEMPTS} end
            where id = :id and canonical_id is null
        """),  # noqa: S608 - a constant of this module
        {"id": content_id, "error": f"analysis: {error}"[:2000], "retry": retry},
    )


def put_off(connection: sa.Connection, content_id: UUID, error: str, *, until: datetime) -> None:
    """It was kept from being analysed until then; that was no attempt."""
    connection.execute(
        sa.text("""
            update raw_content set story_lease_until = :until, story_error = :error,
                story_attempts = greatest(story_attempts - 1, 0)
            where id = :id and canonical_id is null
        """),
        {"id": content_id, "error": f"analysis: {error}"[:2000], "until": until},
    )


def release_unanalysed(connection: sa.Connection, content_ids: Sequence[UUID]) -> None:
    """Give back what was leased and not begun; that was no attempt."""
    connection.execute(
        sa.text("""
            update raw_content set story_lease_until = null, story_attempts = greatest(story_attempts - 1, 0)
            where id = any(:ids) and canonical_id is null and hook_strength is null
        """),
        {"ids": list(content_ids)},
    )
