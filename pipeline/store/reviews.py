"""Decisions about posts, and what they bind: the statements behind `editorial.review`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_posts, reviews
from pipeline.vocabulary import ReviewDecision


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A post under review, its row locked: of two reviewers the second waits, then sees the first's decision."""

    id: UUID
    canonical_id: str
    title: str
    slug: str
    content: str
    status: str
    author_id: UUID
    content_hash: str
    excerpt: str | None
    meta_title: str | None
    meta_description: str | None
    featured_image_url: str | None
    timezone: str
    findings: list[Mapping[str, Any]] | None
    """The SEO findings for exactly this content; None where it was not checked."""


def lock(connection: sa.Connection, canonical_id: str) -> Reviewable | None:
    row = connection.execute(
        sa.text("""
            select p.id, p.canonical_id, p.title, p.slug, p.content, p.status, p.author_id, p.content_hash, p.excerpt,
                p.meta_title, p.meta_description, p.featured_image_url, v.timezone, s.findings
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            left join seo_reports s on s.post_id = p.id and s.content_hash = p.content_hash
            where p.canonical_id = :canonical_id
            for update of p
        """),
        {"canonical_id": canonical_id},
    ).one_or_none()
    return Reviewable(**row._mapping) if row else None  # noqa: SLF001 - the public way to a row's names


def record(connection: sa.Connection, post: Reviewable, reviewer_id: UUID, decision: ReviewDecision, note: str) -> int:
    """Write the decision down; returns its number. Decisions are never changed afterwards."""
    review_id = connection.scalar(
        reviews.insert()
        .values(post_id=post.id, reviewer_id=reviewer_id, decision=decision, note=note, content_hash=post.content_hash)
        .returning(reviews.c.id)
    )
    assert review_id is not None
    return int(review_id)


def replace_text(connection: sa.Connection, post_id: UUID, *, content: str, content_hash: str) -> None:
    connection.execute(
        publisher_posts.update()
        .where(publisher_posts.c.id == post_id)
        .values(content=content, content_hash=content_hash)
    )


def set_status(connection: sa.Connection, post_id: UUID, status: str, **values: Any) -> None:
    """Move the post; the database refuses a move that its transition table does not hold."""
    connection.execute(publisher_posts.update().where(publisher_posts.c.id == post_id).values(status=status, **values))


def approve_versions(
    connection: sa.Connection, post_id: UUID, review_id: int, *, at: datetime, local: datetime, zone: str
) -> int:
    """Bind the hash of every drafted version to the approval and schedule it; returns how many there are."""
    return connection.execute(
        sa.text("""
            with approved as (
                update distributions
                set status = 'scheduled', review_id = :review_id, scheduled_for = :at, next_attempt_at = :at,
                    scheduled_local = :local, timezone = :zone
                where post_id = :post_id and status = 'draft'
                returning id, content_hash
            )
            insert into review_versions (review_id, distribution_id, content_hash)
            select :review_id, id, content_hash from approved
        """),
        {"post_id": post_id, "review_id": review_id, "at": at, "local": local, "zone": zone},
    ).rowcount


def cancel_versions(connection: sa.Connection, post_id: UUID) -> None:
    connection.execute(
        sa.text("""
            update distributions set status = 'cancelled'
            where post_id = :post_id and status in ('draft', 'scheduled', 'held', 'failed')
        """),
        {"post_id": post_id},
    )
