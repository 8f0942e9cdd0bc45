"""Distributions and their journal: how an attempt ends.

Every write of a worker names the lease token it was given; a row that a later claim has taken over is left alone, and
the function says so by its return value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import AttemptOutcome, ErrorKind


@dataclass(frozen=True, slots=True)
class Failure:
    """What the journal keeps of an attempt that did not end in a publication."""

    outcome: AttemptOutcome
    kind: ErrorKind | None
    message: str
    code: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None


def close_attempt(connection: sa.Connection, distribution_id: UUID, token: int, failure: Failure | None) -> None:
    """Write how the attempt ended into the journal; None is a publication."""
    connection.execute(
        sa.text("""
            update publish_attempts
            set outcome = :outcome, finished_at = clock_timestamp(), error_kind = :kind, error_code = :code,
                http_status = :http_status, error_message = :message, retry_at = :retry_at
            where distribution_id = :id and lease_token = :token and outcome is null
        """),
        {
            "id": distribution_id,
            "token": token,
            "outcome": failure.outcome if failure else AttemptOutcome.PUBLISHED,
            "kind": failure.kind if failure else None,
            "code": failure.code if failure else None,
            "http_status": failure.http_status if failure else None,
            "message": failure.message if failure else None,
            "retry_at": failure.retry_at if failure else None,
        },
    )


def mark_published(
    connection: sa.Connection,
    distribution_id: UUID,
    token: int,
    *,
    external_id: str,
    external_url: str | None,
    published_at: datetime,
) -> bool:
    """Live. The post follows when this is its home, or when it has none. False where the lease was lost."""
    row = connection.execute(
        sa.text("""
            update distributions d
            set status = 'published', external_id = :external_id, external_url = :external_url,
                published_at = :published_at, next_metrics_at = :published_at, error_message = null,
                lease_until = null, leased_by = null, settle_until = null, reconcile_at = null
            from platforms p
            where d.id = :id and d.lease_token = :token and d.status in ('publishing', 'unknown')
                and p.id = d.platform_id
            returning d.post_id, d.platform_id, p.is_home
        """),
        {
            "id": distribution_id,
            "token": token,
            "external_id": external_id,
            "external_url": external_url,
            "published_at": published_at,
        },
    ).one_or_none()
    if row is None:
        return False
    connection.execute(
        sa.text("""
            update publisher_posts
            set status = 'published', published_at = :published_at
            where id = :post_id and status = 'scheduled' and (:is_home or not exists (
                select from distributions home join platforms h on h.id = home.platform_id and h.is_home
                where home.post_id = :post_id and home.status <> 'cancelled'
            ))
        """),
        {"post_id": row.post_id, "is_home": row.is_home, "published_at": published_at},
    )
    # Kept for people; not for pacing, which reads the journal. Debounced: a row rewritten for each post is slow.
    connection.execute(
        sa.text("""
            update platforms set last_published_at = :published_at
            where id = :platform_id
                and coalesce(last_published_at, '-infinity') < cast(:published_at as timestamptz) - interval '1 minute'
        """),
        {"platform_id": row.platform_id, "published_at": published_at},
    )
    return True


def mark_rescheduled(
    connection: sa.Connection, distribution_id: UUID, token: int, *, at: datetime, reason: str | None, spend_retry: bool
) -> bool:
    """Certainly not sent: back in the queue for `at`. `scheduled_for`, the intention, stays."""
    return _finish(
        connection,
        distribution_id,
        token,
        "status = 'scheduled', next_attempt_at = :at, error_message = :reason, last_retry_at = clock_timestamp(),"
        " retry_count = retry_count + :spent, settle_until = null, reconcile_at = null",
        {"at": at, "reason": reason, "spent": int(spend_retry)},
    )


def mark_failed(connection: sa.Connection, distribution_id: UUID, token: int, reason: str) -> bool:
    return _finish(
        connection,
        distribution_id,
        token,
        "status = 'failed', error_message = :reason, settle_until = null, reconcile_at = null",
        {"reason": reason},
    )


def mark_held(connection: sa.Connection, distribution_id: UUID, token: int, reason: str) -> bool:
    return _finish(connection, distribution_id, token, "status = 'held', hold_reason = :reason", {"reason": reason})


def mark_unknown(
    connection: sa.Connection,
    distribution_id: UUID,
    token: int,
    *,
    reason: str,
    settle: timedelta,
    ask_after: timedelta,
) -> bool:
    return _finish(
        connection,
        distribution_id,
        token,
        "status = 'unknown', error_message = :reason, settle_until = now() + :settle,"
        " reconcile_at = now() + :ask_after",
        {"reason": reason, "settle": settle, "ask_after": ask_after},
    )


def ask_again(
    connection: sa.Connection, distribution_id: UUID, token: int, *, after: timedelta | None, reason: str | None
) -> None:
    """Still unknown: ask the platform again after `after`, or, where None, as soon as the settle time is over."""
    connection.execute(
        sa.text("""
            update distributions
            set reconcile_at = coalesce(now() + :after, settle_until), error_message = coalesce(:reason, error_message)
            where id = :id and lease_token = :token and status = 'unknown'
        """),
        {"id": distribution_id, "token": token, "after": after, "reason": reason},
    )


def _finish(
    connection: sa.Connection, distribution_id: UUID, token: int, assignments: str, values: Mapping[str, Any]
) -> bool:
    statement = sa.text(f"""
        update distributions set {assignments}, lease_until = null, leased_by = null
        where id = :id and lease_token = :token and status in ('publishing', 'unknown')
    """)  # noqa: S608 - the assignments are this module's own text
    return connection.execute(statement, {"id": distribution_id, "token": token, **values}).rowcount == 1
