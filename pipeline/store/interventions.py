"""A person's changes to a distribution: the statements behind `distribution.intervene`.

Each change raises the fencing token, so that a worker which still holds the old one can write nothing any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import accounts, calendar
from pipeline.store.calendar import Booking
from pipeline.store.distributions import follow_publication
from pipeline.vocabulary import DistributionStatus, PostStatus


@dataclass(frozen=True, slots=True)
class Intervenable:
    """A distribution, its row locked, under the name that people know it by.

    `approved_hash` is None where no approval is about it. `is_leased`: a worker has it in hand. `last_attempt_at` is
    when it was last tried, None where it never was.
    """

    id: UUID
    post_id: UUID | None
    platform_id: UUID
    account_key: str
    platform: str
    canonical_id: str | None
    post_status: PostStatus | None
    status: DistributionStatus
    known_as: str
    title: str | None
    body: str
    media_urls: Sequence[str]
    link_url: str | None
    platform_specific: Mapping[str, Any]
    approved_hash: str | None
    timezone: str
    scheduled_for: datetime | None
    external_url: str | None
    leased_by: str | None
    lease_until: datetime | None
    is_leased: bool
    settle_until: datetime | None
    last_attempt_at: datetime | None
    handles: Mapping[str, str]


def is_post(connection: sa.Connection, beginning: str) -> bool:
    return bool(
        connection.scalar(
            sa.text("select exists (select from publisher_posts where starts_with(canonical_id, :text))"),
            {"text": beginning},
        )
    )


def lock(connection: sa.Connection, distribution_id: UUID) -> Intervenable:
    """Lock its account, then itself, as everybody does (a change of status locks its group, last), and read it."""
    account_id = connection.scalar(
        sa.text("select platform_id from distributions where id = :id"), {"id": distribution_id}
    )
    assert account_id is not None
    accounts.lock(connection, account_id)
    connection.execute(sa.text("select from distributions where id = :id for update"), {"id": distribution_id})
    row = connection.execute(_READ, {"id": distribution_id}).mappings().one()
    return Intervenable(
        **{
            **row,
            "status": DistributionStatus(row["status"]),
            "post_status": PostStatus(row["post_status"]) if row["post_status"] else None,
        }
    )


_READ = sa.text("""
    select d.id, d.post_id, d.platform_id, p.account_key, p.name as platform, post.canonical_id,
        post.status as post_status, d.status, coalesce(post.title, d.title, left(d.body, 60)) as known_as,
        d.title, d.body, d.media_urls, d.link_url, d.platform_specific, v.content_hash as approved_hash, d.timezone,
        d.scheduled_for, d.external_url, d.leased_by, d.lease_until,
        coalesce(d.lease_until > now(), false) as is_leased, d.settle_until,
        (select max(a.started_at) from publish_attempts a where a.distribution_id = d.id) as last_attempt_at,
        coalesce(
            (select jsonb_object_agg(h.step, h.handle) from publish_handles h where h.distribution_id = d.id), '{}'
        ) as handles
    from distributions d
    join platforms p on p.id = d.platform_id
    left join publisher_posts post on post.id = d.post_id
    left join review_versions v on v.review_id = d.review_id and v.distribution_id = d.id
    where d.id = :id
""")


def schedule(connection: sa.Connection, item: Intervenable, *, at: datetime, exactly: bool, reason: str) -> None:
    """Into the queue for `at`, with all its tries before it; not `exactly`: as soon after it as its calendar is free.

    The intended time moves with it: a person has given a new intention, and it is not late by the old one.

    Raises:
        TakenError: it is to be exactly then, and another distribution of the account is.
    """
    calendar.release(connection, [item.id])
    booking = Booking(item.id, item.platform_id, at, item.timezone)
    if exactly:
        calendar.book_exactly(connection, [booking])
    else:
        at = calendar.book_next_instant(connection, booking)
    _change(
        connection,
        item.id,
        """
            status = 'scheduled', scheduled_for = :at, scheduled_local = :at at time zone timezone, is_pinned = true,
            next_attempt_at = :at, retry_count = 0, error_message = :reason, hold_reason = null
        """,
        {"at": at, "reason": reason},
    )


def hold(connection: sa.Connection, distribution_id: UUID, *, reason: str) -> None:
    """It keeps its instant of the calendar: nothing else is planned for it meanwhile."""
    _change(connection, distribution_id, "status = 'held', hold_reason = :reason", {"reason": reason})


def cancel(connection: sa.Connection, distribution_id: UUID, *, reason: str) -> None:
    calendar.release(connection, [distribution_id])
    _change(
        connection,
        distribution_id,
        "status = 'cancelled', error_message = :reason, hold_reason = null",
        {"reason": reason},
    )


def publish(
    connection: sa.Connection, distribution_id: UUID, *, external_id: str, external_url: str, published_at: datetime
) -> None:
    """Live, by a person's word: figures are asked for from now on, and its post follows as after any publication."""
    calendar.release(connection, [distribution_id])
    _change(
        connection,
        distribution_id,
        """
            status = 'published', published_at = :at, next_metrics_at = :at, external_id = :external_id,
            external_url = :external_url, error_message = null, hold_reason = null
        """,
        {"at": published_at, "external_id": external_id, "external_url": external_url},
    )
    follow_publication(connection, [distribution_id])


def namesake(connection: sa.Connection, item: Intervenable, external_id: str) -> UUID | None:
    """Another distribution of the account that is that publication already."""
    found: UUID | None = connection.scalar(
        sa.text("""
            select id from distributions
            where platform_id = :account and external_id = :external_id and id <> :id
        """),
        {"account": item.platform_id, "external_id": external_id, "id": item.id},
    )
    return found


def _change(connection: sa.Connection, distribution_id: UUID, assignments: str, values: Mapping[str, Any]) -> None:
    connection.execute(
        sa.text(f"""
            update distributions
            set {assignments}, settle_until = null, reconcile_at = null, person_asked_at = null,
                lease_token = lease_token + 1
            where id = :id
        """),  # noqa: S608 - the assignments are this module's own text
        {"id": distribution_id, **values},
    )
