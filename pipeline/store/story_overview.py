"""Items on their way to becoming stories, as a person looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

_ITEM: Final = """
    select rc.id as content_id, v.slug as vertical, v.is_active,
        coalesce(nullif(rc.title, ''), nullif(rc.caption, ''), rc.description, '') as says,
        coalesce(rc.account, cs.name) as publisher, rc.url, rc.posted_at,
        rc.hook_strength, rc.engagement_rate, rc.engagement_percentile, rc.is_candidate, rc.canonical_id,
        si.story_id, s.canonical_id as claimed_as, rc.story_error, rc.story_attempts, rc.story_lease_until,
        p.status as post_status
    from raw_content rc
    join content_sources cs on cs.id = rc.source_id
    join publisher_verticals v on v.id = cs.vertical_id
    left join story_items si on si.content_id = rc.id
    left join stories s on s.id = si.story_id
    left join publisher_posts p on p.canonical_id = coalesce(rc.canonical_id, s.canonical_id)
"""
_BEST_FIRST: Final = """
    rc.engagement_rate desc nulls last, rc.engagement_percentile desc nulls last, rc.hook_strength desc nulls last,
    rc.id
"""
_NEWEST_FIRST: Final = "rc.created_at desc, rc.id"

CANDIDATES: Final = "rc.is_candidate and rc.canonical_id is null and s.canonical_id is null and v.is_active"
CLAIMED: Final = "rc.canonical_id is not null"
FURTHER_SOURCES: Final = "rc.canonical_id is null and s.canonical_id is not null"
FAILED: Final = "rc.story_error is not null"
TOO_WEAK: Final = "rc.hook_strength is not null and not rc.is_candidate and rc.canonical_id is null"


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item and how it stands.

    Attributes:
        says: its title, or what it says.
        hook_strength: None before its analysis.
        engagement_rate: None where the reach is unknown.
        canonical_id: its own claim.
        story_id: None before it is known which story it tells.
        claimed_as: its story's claim, which may be another item's.
        post_status: of its story's post.
    """

    content_id: UUID
    vertical: str
    is_active: bool
    says: str
    publisher: str
    url: str | None
    posted_at: datetime | None
    hook_strength: int | None
    engagement_rate: Decimal | None
    engagement_percentile: Decimal | None
    is_candidate: bool
    canonical_id: str | None
    story_id: UUID | None
    claimed_as: str | None
    story_error: str | None
    story_attempts: int
    story_lease_until: datetime | None
    post_status: str | None


def items(connection: sa.Connection, which: str, *, limit: int) -> list[ItemState]:
    """The first of the items that are `which` (a constant of this module), the best or else the newest first."""
    order = _BEST_FIRST if which == CANDIDATES else _NEWEST_FIRST
    return _items(connection, f"{_ITEM} where {which} order by {order} limit :limit", limit=limit)


def matching(connection: sa.Connection, words: str, *, limit: int = 6) -> list[ItemState]:
    """The items whose id, story or address is that or, at least eight characters of an id, begins so. A story's id may
    be without its vertical's name.
    """
    return _items(
        connection,
        f"""{_ITEM}
            where rc.url = :words or rc.canonical_id = :words
                or (length(:words) >= 8 and (starts_with(cast(rc.id as text), lower(:words))
                    or starts_with(rc.canonical_id, concat(v.slug, '-', cast(:words as text)))))
            order by {_NEWEST_FIRST} limit :limit
        """,
        words=words,
        limit=limit,
    )


def that_tell(connection: sa.Connection, story_id: UUID) -> list[ItemState]:
    """All items that tell a story, the best first."""
    return _items(connection, f"{_ITEM} where si.story_id = :story_id order by {_BEST_FIRST}", story_id=story_id)


@dataclass(frozen=True, slots=True)
class KeptAnalysis:
    topics: Sequence[str]
    facts: Sequence[dict[str, str]]
    hook_strength: int
    language: str
    entities: Sequence[str]
    model: str


def analysis_of(connection: sa.Connection, content_id: UUID) -> KeptAnalysis | None:
    row = (
        connection.execute(
            sa.text("""
                select topics, extracted_facts -> 'facts' as facts, hook_strength, language, entities, model
                from content_analysis where content_id = :id
            """),
            {"id": content_id},
        )
        .mappings()
        .one_or_none()
    )
    return KeptAnalysis(**row) if row else None


def _items(connection: sa.Connection, statement: str, **values: Any) -> list[ItemState]:
    return [ItemState(**row) for row in connection.execute(sa.text(statement), values).mappings()]
