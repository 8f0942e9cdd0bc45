"""Taking back what was approved, and taking down what is live: the statements behind withdrawals and takedowns."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
import sqlalchemy as sa

from pipeline.store import calendar, outbox
from pipeline.vocabulary import DistributionStatus

TOPIC: Final = "takedown"
"""The outbox's. The database writes rows of it too: see `take_down_late_arrival`."""


class InHandError(Exception):
    """Another transaction, most likely a worker's, is writing to the post or a version of it at this moment."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a post, its row locked. `is_approved`: an approval is about it.

    `scheduled_for` is its intended time, `published_at` when it went out. `is_pinned`: that time is a person's.
    `handed_over_for` is the instant for which its platform holds it, None where it is ours alone.
    """

    id: UUID
    platform_id: UUID
    account_key: str
    platform: str
    timezone: str
    is_home: bool
    status: DistributionStatus
    is_approved: bool
    is_down: bool
    is_pinned: bool
    scheduled_for: datetime | None
    published_at: datetime | None
    handed_over_for: datetime | None


@dataclass(frozen=True, slots=True)
class Target:
    """What a takedown is about. `external_id` is None where nobody knows the platform's id of it."""

    id: UUID
    account_key: str
    status: DistributionStatus
    external_id: str | None
    taken_down_at: datetime | None


@contextmanager
def not_in_hand() -> Iterator[None]:
    """For a statement that locks and does not wait. Raises: InHandError."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise InHandError from None
        raise


def lock_versions(connection: sa.Connection, post_id: UUID) -> list[Version]:
    """The post's versions, its home first. The post is locked already.

    Not waited for: a worker that holds one wants the post next.

    Raises:
        InHandError: somebody else has one of them locked.
    """
    with not_in_hand():
        rows = connection.execute(
            sa.text("""
                select d.id, d.platform_id, p.account_key, p.name as platform, p.timezone, p.is_home, d.status,
                    d.review_id is not null as is_approved, d.taken_down_at is not null as is_down, d.is_pinned,
                    d.scheduled_for, d.published_at, d.handed_over_for
                from distributions d join platforms p on p.id = d.platform_id
                where d.post_id = :post_id
                order by p.is_home desc, p.account_key, d.variant_group
                for update of d nowait
            """),
            {"post_id": post_id},
        ).mappings()
    return [Version(**{**row, "status": DistributionStatus(row["status"])}) for row in rows]


def back_to_draft(connection: sa.Connection, post_id: UUID) -> int:
    """Approved versions that are not out: drafts again, without time, slot or approval. Returns how many."""
    undone = connection.scalars(
        sa.text("""
            update distributions
            set status = 'draft', review_id = null, scheduled_for = null, scheduled_local = null, is_pinned = false,
                next_attempt_at = null, hold_reason = null, error_message = null, retry_count = 0,
                lease_token = lease_token + 1
            where post_id = :post_id
                and (status in ('scheduled', 'failed') or (status = 'held' and review_id is not null))
            returning id
        """),
        {"post_id": post_id},
    ).all()
    calendar.release(connection, undone)
    return len(undone)


def ask(connection: sa.Connection, distribution_id: UUID, account_key: str) -> None:
    """Have a publication taken down, once however often it is asked for."""
    payload = {"account": account_key, "distribution_id": str(distribution_id)}
    outbox.add(connection, TOPIC, f"{TOPIC}:{distribution_id}", payload)


def target(connection: sa.Connection, distribution_id: str) -> Target | None:
    row = connection.execute(
        sa.text("""
            select d.id, p.account_key, d.status, d.external_id, d.taken_down_at
            from distributions d join platforms p on p.id = d.platform_id
            where d.id = cast(:id as uuid)
        """),
        {"id": distribution_id},
    ).one_or_none()
    if row is None:
        return None
    return Target(row.id, row.account_key, DistributionStatus(row.status), row.external_id, row.taken_down_at)


def taken_down(connection: sa.Connection, distribution_id: UUID) -> None:
    """It is off the platform: nobody asks for its figures any more."""
    connection.execute(
        sa.text("""
            update distributions
            set taken_down_at = clock_timestamp(), takedown_error = null, metrics_state = 'gone', next_metrics_at = null
            where id = :id and taken_down_at is null
        """),
        {"id": distribution_id},
    )


def not_taken_down(connection: sa.Connection, distribution_id: UUID, reason: str) -> None:
    connection.execute(
        sa.text("update distributions set takedown_error = :reason where id = :id and taken_down_at is null"),
        {"id": distribution_id, "reason": reason.replace("\0", "")},
    )
