"""Posts that people bring in: what is read before one is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_posts, publisher_verticals
from pipeline.vocabulary import PostStatus


@dataclass(frozen=True, slots=True)
class Home:
    """The vertical that a post is brought into."""

    id: UUID
    slug: str
    name: str
    base_url: str
    language: str
    voice_profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownPost:
    slug: str
    status: PostStatus
    content_hash: str
    author_id: UUID
    content_type: str
    target_keyword: str | None
    keywords: Sequence[str]
    platforms: Sequence[str] | None
    language: str | None


def lock_vertical(connection: sa.Connection, slug: str) -> Home | None:
    """The active vertical; until the transaction ends, nobody else brings in a post of it. None: there is none."""
    v = publisher_verticals.c
    row = connection.execute(
        sa.select(v.id, v.slug, v.name, v.base_url, v.language, v.voice_profile)
        .where(v.slug == slug, v.is_active)
        .with_for_update(key_share=True)
    ).one_or_none()
    return row and Home(*row)


def known(connection: sa.Connection, canonical_id: str) -> KnownPost | None:
    p = publisher_posts.c
    row = connection.execute(
        sa.select(
            p.slug,
            p.status,
            p.content_hash,
            p.author_id,
            p.content_type,
            p.target_keyword,
            p.keywords,
            p.platforms,
            p.language,
        ).where(p.canonical_id == canonical_id)
    ).one_or_none()
    return row and KnownPost(**{**row._mapping, "status": PostStatus(row.status)})  # noqa: SLF001 - the way to a row's names
