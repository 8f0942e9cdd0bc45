"""Decisions about posts, and what they bind: the statements behind `editorial.review`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.store import calendar, takedowns
from pipeline.store.tables import publisher_posts, reviews
from pipeline.timing import Timing
from pipeline.vocabulary import PostStatus, ReviewDecision, TimingStrategy


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A post at the desk, its row locked: of two people the second waits, then sees the first's decision.

    `revision` is the number of its present text. `files` are the digests and the descriptions of its pictures, films
    and sounds, in order. `original_status` is that of the article which it tells again, None where it tells none.
    """

    id: UUID
    canonical_id: str
    vertical_id: UUID
    status: PostStatus
    author_id: UUID
    slug: str
    content_hash: str
    featured_image_url: str | None
    revision: int
    timezone: str
    files: Sequence[Sequence[str]]
    original_status: PostStatus | None


def lock(connection: sa.Connection, canonical_id: str, *, wait: bool = True) -> Reviewable | None:
    """Raises: InHandError: somebody else has it, and is not to be waited for."""
    # In two statements: what another person wrote is seen only by a statement that begins after the lock is there.
    with takedowns.not_in_hand():
        post_id = connection.scalar(
            sa.select(publisher_posts.c.id)
            .where(publisher_posts.c.canonical_id == canonical_id)
            .with_for_update(nowait=not wait)
        )
    if post_id is None:
        return None
    row = connection.execute(_READ, {"id": post_id}).mappings().one()
    original = row["original_status"]
    return Reviewable(
        **{
            **row,
            "status": PostStatus(row["status"]),
            "original_status": PostStatus(original) if original else None,
        }
    )


_READ = sa.text("""
    select p.id, p.canonical_id, p.vertical_id, p.status, p.author_id, p.slug, p.content_hash, p.featured_image_url,
        (select max(r.number) from post_revisions r where r.post_id = p.id) as revision, v.timezone,
        coalesce((
            select jsonb_agg(jsonb_build_array(m.sha256, m.alt_text) order by m.position)
            from post_media m where m.post_id = p.id
        ), '[]') as files,
        (select original.status from publisher_posts original where original.id = p.repurposed_from) as original_status
    from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
    where p.id = :id
""")


def record(connection: sa.Connection, post: Reviewable, reviewer_id: UUID, decision: ReviewDecision, note: str) -> int:
    """Write the decision down; returns its number. Decisions are never changed afterwards."""
    review_id = connection.scalar(
        reviews.insert()
        .values(
            post_id=post.id,
            reviewer_id=reviewer_id,
            decision=decision,
            note=note,
            content_hash=post.content_hash,
            revision=post.revision,
        )
        .returning(reviews.c.id)
    )
    assert review_id is not None
    return int(review_id)


def set_status(connection: sa.Connection, post_id: UUID, status: str, *, note: str = "", **values: Any) -> None:
    """Move the post, which its log gives the note as the reason for.

    The database refuses a move that its transition table does not hold.
    """
    connection.execute(sa.text("select set_config('pressroom.note', :note, true)"), {"note": note})
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
class ApprovedVersion:
    """A version and the instant that it is approved for. `is_pinned`: a person named it, or it follows from that."""

    version: WaitingVersion
    at: datetime
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class ScheduledVersion:
    """A version that an approval scheduled: `at` is `local` on the clocks of the account's `timezone`."""

    account_key: str
    at: datetime
    local: datetime
    timezone: str
    is_pinned: bool


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
    connection: sa.Connection, review_id: int, versions: Sequence[ApprovedVersion]
) -> list[ScheduledVersion]:
    """Bind the hash of each drafted version to the approval and schedule it for its instant; in the order given."""
    scheduled = [
        ScheduledVersion(
            each.version.account_key,
            each.at,
            clock.local(each.at, each.version.timezone),
            each.version.timezone,
            each.is_pinned,
        )
        for each in versions
    ]
    connection.execute(
        sa.text("""
            with approved as (
                update distributions d
                set status = 'scheduled', review_id = :review_id, scheduled_for = given.at, next_attempt_at = given.at,
                    scheduled_local = given.local, timezone = given.timezone, is_pinned = given.is_pinned
                from unnest(
                    cast(:ids as uuid[]), cast(:ats as timestamptz[]), cast(:locals as timestamp[]),
                    cast(:timezones as text[]), cast(:pinned as boolean[])
                ) as given (id, at, local, timezone, is_pinned)
                where d.id = given.id
                returning d.id, d.content_hash
            )
            insert into review_versions (review_id, distribution_id, content_hash)
            select :review_id, id, content_hash from approved
        """),
        {
            "review_id": review_id,
            "ids": [each.version.id for each in versions],
            "ats": [to.at for to in scheduled],
            "locals": [to.local for to in scheduled],
            "timezones": [to.timezone for to in scheduled],
            "pinned": [to.is_pinned for to in scheduled],
        },
    )
    return scheduled


def retellings(connection: sa.Connection, post_id: UUID) -> list[str]:
    """The ids of the posts that tell this one again in another form, and are not archived."""
    return list(
        connection.scalars(
            sa.text("""
                select canonical_id from publisher_posts
                where repurposed_from = :post_id and status <> 'archived' order by canonical_id
            """),
            {"post_id": post_id},
        )
    )


def cancel_versions(connection: sa.Connection, post_id: UUID, *, reason: str) -> list[str]:
    """Give up what is neither out nor on its way, and its slots; returns the accounts' keys."""
    given_up = connection.execute(
        sa.text("""
            update distributions d
            set status = 'cancelled', error_message = :reason, hold_reason = null, lease_token = d.lease_token + 1
            from platforms p
            where d.post_id = :post_id and d.status in ('draft', 'scheduled', 'held', 'failed')
                and p.id = d.platform_id
            returning d.id, p.account_key
        """),
        {"post_id": post_id, "reason": reason},
    ).all()
    calendar.release(connection, [row.id for row in given_up])
    return sorted(row.account_key for row in given_up)
