"""Taking back what was approved, and taking down what is live: the statements behind withdrawals and takedowns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import outbox
from pipeline.vocabulary import DistributionStatus

TOPIC: Final = "takedown"
"""The outbox's. The database writes rows of it too: see `take_down_late_arrival`."""


class InHandError(Exception):
    """Another transaction, most likely a worker's, is writing to a version of the post at this moment."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a post, its row locked. `is_approved`: an approval is about it."""

    id: UUID
    platform_id: UUID
    account_key: str
    platform: str
    timezone: str
    is_home: bool
    status: DistributionStatus
    is_approved: bool
    is_down: bool


@dataclass(frozen=True, slots=True)
class Target:
    """What a takedown is about. `external_id` is None where nobody knows the platform's id of it."""

    id: UUID
    account_key: str
    status: DistributionStatus
    external_id: str | None
    taken_down_at: datetime | None


def lock_versions(connection: sa.Connection, post_id: UUID) -> list[Version]:
    """The post's versions, its home first. The post is locked already.

    Not waited for: a worker that holds one wants the post next.

    Raises:
        InHandError: somebody else has one of them locked.
    """
    try:
        rows = connection.execute(
            sa.text("""
                select d.id, d.platform_id, p.account_key, p.name as platform, p.timezone, p.is_home, d.status,
                    d.review_id is not null as is_approved, d.taken_down_at is not null as is_down
                from distributions d join platforms p on p.id = d.platform_id
                where d.post_id = :post_id
                order by p.is_home desc, p.account_key, d.variant_group
                for update of d nowait
            """),
            {"post_id": post_id},
        ).mappings()
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise InHandError from None
        raise
    return [Version(**{**row, "status": DistributionStatus(row["status"])}) for row in rows]


def back_to_draft(connection: sa.Connection, post_id: UUID) -> int:
    """Approved versions that are not out: drafts again, without time, slot or approval. Returns how many."""
    return connection.execute(
        sa.text("""
            with undone as (
                update distributions
                set status = 'draft', review_id = null, scheduled_for = null, scheduled_local = null,
                    next_attempt_at = null, hold_reason = null, error_message = null, retry_count = 0,
                    lease_token = lease_token + 1
                where post_id = :post_id
                    and (status in ('scheduled', 'failed') or (status = 'held' and review_id is not null))
                returning id
            ),
            freed as (
                update publishing_calendar c set distribution_id = null
                from undone where c.distribution_id = undone.id
            )
            select id from undone
        """),
        {"post_id": post_id},
    ).rowcount


def reschedule(connection: sa.Connection, times: list[tuple[UUID, datetime, datetime, str]]) -> None:
    """Give scheduled versions other times: id, instant, the same on the clocks of the zone, zone."""
    connection.execute(
        sa.text("""
            with moved as (
                update distributions d
                set scheduled_for = given.at, next_attempt_at = given.at, scheduled_local = given.local,
                    timezone = given.timezone, retry_count = 0, error_message = null, lease_token = d.lease_token + 1
                from unnest(
                    cast(:ids as uuid[]), cast(:ats as timestamptz[]), cast(:locals as timestamp[]),
                    cast(:timezones as text[])
                ) as given (id, at, local, timezone)
                where d.id = given.id
                returning d.id
            )
            update publishing_calendar c set distribution_id = null
            from moved where c.distribution_id = moved.id
        """),
        {
            "ids": [id_ for id_, _, _, _ in times],
            "ats": [at for _, at, _, _ in times],
            "locals": [local for _, _, local, _ in times],
            "timezones": [timezone for _, _, _, timezone in times],
        },
    )


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
