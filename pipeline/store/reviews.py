"""Decisions about posts, and what they bind: the statements behind `editorial.review`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.store.tables import publisher_posts, reviews
from pipeline.timing import Timing
from pipeline.vocabulary import ReviewDecision, TimingStrategy


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


@dataclass(frozen=True, slots=True)
class WaitingVersion:
    """A version of a post under review: drafted, or held because its platform would refuse it."""

    id: UUID
    platform_id: UUID
    account_key: str
    platform: str
    timezone: str
    is_home: bool
    hold_reason: str | None
    """Why it is held; None where it is drafted."""


@dataclass(frozen=True, slots=True)
class ScheduledVersion:
    """A version that an approval scheduled: `at` is `local` on the clocks of the account's `timezone`."""

    account_key: str
    at: datetime
    local: datetime
    timezone: str


def timing_of(connection: sa.Connection, post_id: UUID) -> Timing:
    """How the post's group is timed."""
    row = connection.execute(
        sa.text("""
            select g.timing_strategy, g.stagger_minutes from cross_post_groups g
            where g.id in (select d.cross_post_group_id from distributions d where d.post_id = :post_id)
            order by g.id
        """),
        {"post_id": post_id},
    ).first()
    if row is None:
        return Timing()
    return Timing(TimingStrategy(row.timing_strategy), timedelta(minutes=row.stagger_minutes or 0))


def set_timing(connection: sa.Connection, post_id: UUID, timing: Timing) -> None:
    connection.execute(
        sa.text("""
            update cross_post_groups g
            set timing_strategy = :strategy, stagger_minutes = :minutes
            where g.id in (select d.cross_post_group_id from distributions d where d.post_id = :post_id)
        """),
        {
            "post_id": post_id,
            "strategy": timing.strategy,
            "minutes": timing.stagger // timedelta(minutes=1) or None,
        },
    )


def lock_waiting_versions(connection: sa.Connection, post_id: UUID) -> list[WaitingVersion]:
    """Home first, then by account; their rows locked, so that nobody else decides on one meanwhile."""
    rows = connection.execute(
        sa.text("""
            select d.id, d.platform_id, p.account_key, p.name as platform, p.timezone, p.is_home,
                case when d.status = 'held' then d.hold_reason end as hold_reason
            from distributions d join platforms p on p.id = d.platform_id
            where d.post_id = :post_id and d.status in ('draft', 'held')
            order by p.is_home desc, p.account_key, d.variant_group
            for update of d
        """),
        {"post_id": post_id},
    )
    return [WaitingVersion(**row) for row in rows.mappings()]


def approve_versions(
    connection: sa.Connection, review_id: int, versions: Sequence[tuple[WaitingVersion, datetime]]
) -> list[ScheduledVersion]:
    """Bind the hash of each drafted version to the approval and schedule it for its instant; in the order given."""
    scheduled = [
        (version, ScheduledVersion(version.account_key, at, clock.local(at, version.timezone), version.timezone))
        for version, at in versions
    ]
    connection.execute(
        sa.text("""
            with approved as (
                update distributions d
                set status = 'scheduled', review_id = :review_id, scheduled_for = given.at, next_attempt_at = given.at,
                    scheduled_local = given.local, timezone = given.timezone
                from unnest(
                    cast(:ids as uuid[]), cast(:ats as timestamptz[]), cast(:locals as timestamp[]),
                    cast(:timezones as text[])
                ) as given (id, at, local, timezone)
                where d.id = given.id
                returning d.id, d.content_hash
            )
            insert into review_versions (review_id, distribution_id, content_hash)
            select :review_id, id, content_hash from approved
        """),
        {
            "review_id": review_id,
            "ids": [version.id for version, _ in scheduled],
            "ats": [to.at for _, to in scheduled],
            "locals": [to.local for _, to in scheduled],
            "timezones": [to.timezone for _, to in scheduled],
        },
    )
    return [to for _, to in scheduled]


def cancel_versions(connection: sa.Connection, post_id: UUID) -> None:
    connection.execute(
        sa.text("""
            update distributions set status = 'cancelled'
            where post_id = :post_id and status in ('draft', 'scheduled', 'held', 'failed')
        """),
        {"post_id": post_id},
    )
