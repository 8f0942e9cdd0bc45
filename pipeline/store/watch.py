"""What the watchdog asks our database: is anything left lying that nothing visible keeps waiting?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.claims import OURS_TO_SEND
from pipeline.vocabulary import AlertKind


@dataclass(frozen=True, slots=True)
class IdleLane:
    """An account that may send, has something to send, and does not.

    `idle_since`: the latest of when its next post became due, when its pace allowed it, and its last attempt.
    """

    account_key: str
    idle_since: datetime
    missed: int
    oldest_intended: datetime | None
    """Of the `missed`: those whose intended time passed more than `missed_after` ago."""


def idle_lanes(connection: sa.Connection, *, idle_for: timedelta, missed_after: timedelta) -> list[IdleLane]:
    """The accounts that have been idle for longer than `idle_for` though something was due, the longest first.

    An account that is paused or rests, a post that waits for its home page, and a lane that a live lease occupies are
    not idle: each of these is visible, or watched on its own.
    """
    rows = connection.execute(
        sa.text(f"""
            select p.account_key, idle.since as idle_since, late.missed, late.oldest_intended
            from account_pace pace
            join platforms p on p.id = pace.platform_id
            cross join lateral (
                select d.next_attempt_at
                from distributions d
                where d.platform_id = pace.platform_id and {OURS_TO_SEND}
                    and (pace.is_home or coalesce(
                        (select bool_and(home.status in ('published', 'cancelled')) from homes_of(d.post_id) home),
                        true
                    ))
                order by d.next_attempt_at, d.id
                limit 1
            ) as next
            cross join lateral (
                select greatest(
                    next.next_attempt_at,
                    pace.free_at,
                    pace.last_attempt_at,
                    (select max(started_at) from publish_attempts where platform_id = p.id and error_kind is not null)
                ) as since
            ) as idle
            cross join lateral (
                select count(*) as missed, min(d.scheduled_for) as oldest_intended
                from distributions d
                where d.platform_id = p.id and {OURS_TO_SEND} and d.next_attempt_at <= now()
                    and d.scheduled_for < now() - :missed_after
            ) as late
            where idle.since < now() - :idle_for
                and not exists (
                    select from distributions d
                    where d.platform_id = p.id and d.status = 'publishing' and d.lease_until > now()
                )
            order by idle.since
        """),  # noqa: S608 - our own text
        {"idle_for": idle_for, "missed_after": missed_after},
    )
    return [IdleLane(**row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Unreconciled:
    """What the reconciler should have looked at: how many, and since when the oldest waits."""

    count: int
    since: datetime | None


def unreconciled(connection: sa.Connection, *, older_than: timedelta) -> Unreconciled:
    """Leases that ran out, unknown outcomes and handovers whose time to ask has come, longer ago than `older_than`."""
    row = connection.execute(
        sa.text("""
            select count(*) as n, min(at) as since
            from (
                select lease_until as at from distributions
                where status = 'publishing' and lease_until < now() - :older_than
                union all
                select reconcile_at from distributions
                where status = 'unknown' and reconcile_at < now() - :older_than
                union all
                select greatest(look_at, rest_until) from handovers
                where ended_at is null and greatest(look_at, rest_until) < now() - :older_than
            ) as waiting
        """),
        {"older_than": older_than},
    ).one()
    return Unreconciled(row.n, row.since)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A distribution whose outcome a person has to find out: since when it waits."""

    id: UUID
    account_key: str
    title: str
    since: datetime


def undecided(connection: sa.Connection, *, unknown_for: timedelta, limit: int) -> list[Undecided]:
    """Unknown outcomes past their deadline: a person was asked, or should have been after `unknown_for`."""
    rows = connection.execute(
        sa.text("""
            select d.id, p.account_key, coalesce(post.title, d.title, left(d.body, 60)) as title,
                coalesce(d.person_asked_at, last.attempt) as since
            from distributions d
            join platforms p on p.id = d.platform_id
            left join publisher_posts post on post.id = d.post_id
            cross join lateral (
                select max(a.started_at) as attempt from publish_attempts a where a.distribution_id = d.id
            ) as last
            where d.status = 'unknown' and (d.person_asked_at is not null or last.attempt < now() - :unknown_for)
            order by since
            limit :limit
        """),
        {"unknown_for": unknown_for, "limit": limit},
    )
    return [Undecided(**row) for row in rows.mappings()]


def oldest_undelivered(connection: sa.Connection, *, older_than: timedelta) -> datetime | None:
    """When the oldest outbox row was written, more than `older_than` ago, that was due and has not arrived."""
    oldest: datetime | None = connection.scalar(
        sa.text("""
            select min(created_at) from outbox
            where delivered_at is null and given_up_at is null and created_at < now() - :older_than
                and (attempts > 0 or available_at < now() - :older_than)
        """),
        {"older_than": older_than},
    )
    return oldest


def outlived_alerts(connection: sa.Connection) -> list[tuple[AlertKind, str]]:
    """Kind and subject of the open alerts about a state that the distribution or the account has left."""
    rows = connection.execute(
        sa.text("""
            select a.kind, a.subject from alerts a
            where a.resolved_at is null and (
                a.kind in ('failed', 'unknown', 'held') and not exists (
                    select from distributions d where 'distribution ' || d.id = a.subject and d.status = a.kind
                )
                or a.kind = 'paused' and not exists (
                    select from platforms p where 'account ' || p.account_key = a.subject and p.state = 'paused'
                )
            )
        """)
    )
    return [(AlertKind(row.kind), row.subject) for row in rows]
