"""Posts that people bring in: what `editorial.manual` reads before it writes."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_posts, publisher_verticals
from pipeline.vocabulary import PostStatus


@dataclass(frozen=True, slots=True)
class KnownPost:
    slug: str
    status: PostStatus
    content_type: str
    content_hash: str
    target_keyword: str | None


def lock_vertical(connection: sa.Connection, slug: str) -> UUID | None:
    """The active vertical's id; until the transaction ends, nobody else brings in a post of it. None: there is none."""
    vertical_id: UUID | None = connection.scalar(
        sa.select(publisher_verticals.c.id)
        .where(publisher_verticals.c.slug == slug, publisher_verticals.c.is_active)
        .with_for_update(key_share=True)
    )
    return vertical_id


def known(connection: sa.Connection, canonical_id: str) -> KnownPost | None:
    p = publisher_posts.c
    row = connection.execute(
        sa.select(p.slug, p.status, p.content_type, p.content_hash, p.target_keyword).where(
            p.canonical_id == canonical_id
        )
    ).one_or_none()
    return row and KnownPost(row.slug, PostStatus(row.status), row.content_type, row.content_hash, row.target_keyword)
