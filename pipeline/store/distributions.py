"""How attempts end: the journal's rows are closed and the distributions moved, many in one statement.

Every write of a worker names the lease token it was given; a row that a later claim has taken over is left alone, and
the function says so by its return value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.vocabulary import AttemptOutcome, DistributionStatus, ErrorKind


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the journal keeps of how an attempt ended."""

    outcome: AttemptOutcome
    kind: ErrorKind | None = None
    message: str | None = None
    code: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a distribution goes from `publishing` or `unknown`. `reason` is for a person.

    `next_attempt_at` puts it back into the queue, or `wait`, from now on by the database's clock; `scheduled_for`, the
    intention, stays unless it is named. Of an unknown outcome, `settle` is how long an absence proves nothing, and
    `ask_after` when the platform is asked.
    """

    id: UUID
    token: int
    status: DistributionStatus
    reason: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    published_at: datetime | None = None
    next_attempt_at: datetime | None = None
    wait: timedelta | None = None
    scheduled_for: datetime | None = None
    spend_retry: bool = False
    settle: timedelta | None = None
    ask_after: timedelta | None = None


# What is true besides, once distributions are live: of their posts, and of their accounts. Live: the post follows when
# this is its home, or when it has none of its own. Of the accounts it is kept for people; not for pacing, which reads
# the journal, and debounced, because a row rewritten for each post is slow.
_FOLLOW = """
    followed as (
        update publisher_posts post
        set status = 'published', published_at = live.at
        from (
            select d.post_id, min(d.published_at) as at
            from published d join platforms p on p.id = d.platform_id
            where p.is_home or coalesce(
                (
                    select bool_and(home.status = 'cancelled') from homes_of(d.post_id) home
                    where home.post_id = d.post_id
                ),
                true
            )
            group by d.post_id
        ) as live
        where post.id = live.post_id and post.status = 'scheduled'
    ),
    touched as (
        update platforms p set last_published_at = latest.at
        from (select platform_id, max(published_at) as at from published group by platform_id) as latest
        where p.id = latest.platform_id
            and coalesce(p.last_published_at, '-infinity') < latest.at - interval '1 minute'
    )
"""

# By id first, though the records hold the ids too: else the planner may believe the statistics of a status that is
# nearly always empty, and read the whole table.
_FINISH = sa.text(f"""
    with closed as (
        update publish_attempts a
        set outcome = e.outcome, finished_at = clock_timestamp(), error_kind = e.kind, error_code = e.code,
            http_status = e.http_status, error_message = e.message, retry_at = e.retry_at
        from jsonb_to_recordset(:attempts) as e (
            id uuid, token bigint, outcome text, kind text, code text, http_status integer, message text,
            retry_at timestamptz
        )
        where a.distribution_id = any (:ids) and a.distribution_id = e.id and a.lease_token = e.token
            and a.outcome is null
    ),
    finished as (
        update distributions d
        set status = e.status,
            error_message = case e.status when 'published' then null when 'held' then d.error_message else e.reason end,
            hold_reason = case when e.status = 'held' then e.reason end,
            external_id = coalesce(e.external_id, d.external_id),
            external_url = coalesce(e.external_url, d.external_url),
            published_at = e.published_at,
            next_metrics_at = e.published_at,
            scheduled_for = coalesce(e.scheduled_for, d.scheduled_for),
            scheduled_local = coalesce(e.scheduled_for at time zone d.timezone, d.scheduled_local),
            next_attempt_at = coalesce(e.next_attempt_at, now() + e.wait * interval '1 second', d.next_attempt_at),
            retry_count = d.retry_count + e.spend_retry::integer,
            last_retry_at = case when e.status = 'scheduled' then clock_timestamp() else d.last_retry_at end,
            settle_until = now() + e.settle * interval '1 second',
            reconcile_at = now() + e.ask_after * interval '1 second',
            person_asked_at = null, lease_until = null, leased_by = null
        from jsonb_to_recordset(:endings) as e (
            id uuid, token bigint, status text, reason text, external_id text, external_url text,
            published_at timestamptz, next_attempt_at timestamptz, wait float8, scheduled_for timestamptz,
            spend_retry boolean, settle float8, ask_after float8
        )
        where d.id = any (:ids) and d.id = e.id and d.lease_token = e.token and d.status in ('publishing', 'unknown')
        returning d.id, d.post_id, d.platform_id, d.status, d.published_at
    ),
    published as (
        select post_id, platform_id, published_at from finished where status = 'published'
    ),
    {_FOLLOW}
    select id from finished
""").bindparams(sa.bindparam("attempts", type_=JSONB), sa.bindparam("endings", type_=JSONB))  # noqa: S608 - our own text

_FOLLOW_PUBLISHED = sa.text(f"""
    with published as (
        select post_id, platform_id, published_at from distributions where id = any (:ids)
    ),
    {_FOLLOW}
    select
""")  # noqa: S608 - our own text


def finish(
    connection: sa.Connection, endings: Sequence[Ending], attempts: Sequence[tuple[UUID, int, Attempt]] = ()
) -> set[UUID]:
    """Move the distributions on; returns those whose token still held. The others belong to somebody else now.

    `attempts`, of some of these distributions under these tokens: how they ended, once each, is written into the
    journal whether the token held or not. The caller has locked the accounts (see `store.accounts.lock`), as a claim
    does before it touches a distribution. It is one statement, because a worker waits for nothing more often.
    """
    return set(
        connection.scalars(
            _FINISH,
            {
                "ids": [ending.id for ending in endings],
                "endings": [_row(ending) for ending in endings],
                "attempts": [_attempt_row(*attempt) for attempt in attempts],
            },
        )
    )


def follow_publication(connection: sa.Connection, distribution_ids: Sequence[UUID]) -> None:
    """What is true besides, once these are live: of their posts, and of their accounts."""
    connection.execute(_FOLLOW_PUBLISHED, {"ids": list(distribution_ids)})


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
        {"id": distribution_id, "token": token, "after": after, "reason": storable(reason)},
    )


def ask_person(connection: sa.Connection, distribution_id: UUID, token: int) -> bool:
    """From now on a person is asked too; False where one is already, or the token no longer holds."""
    return bool(
        connection.execute(
            sa.text("""
                update distributions set person_asked_at = now()
                where id = :id and lease_token = :token and status = 'unknown' and person_asked_at is null
            """),
            {"id": distribution_id, "token": token},
        ).rowcount
    )


def _row(ending: Ending) -> dict[str, Any]:
    return {
        "id": str(ending.id),
        "token": ending.token,
        "status": ending.status,
        "reason": storable(ending.reason),
        "external_id": storable(ending.external_id),
        "external_url": storable(ending.external_url),
        "published_at": ending.published_at.isoformat() if ending.published_at else None,
        "next_attempt_at": ending.next_attempt_at.isoformat() if ending.next_attempt_at else None,
        "scheduled_for": ending.scheduled_for.isoformat() if ending.scheduled_for else None,
        "wait": _seconds(ending.wait),
        "spend_retry": ending.spend_retry,
        "settle": _seconds(ending.settle),
        "ask_after": _seconds(ending.ask_after),
    }


def _attempt_row(distribution_id: UUID, token: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "id": str(distribution_id),
        "token": token,
        "outcome": attempt.outcome,
        "kind": attempt.kind,
        "code": storable(attempt.code),
        "http_status": attempt.http_status,
        "message": storable(attempt.message),
        "retry_at": attempt.retry_at.isoformat() if attempt.retry_at else None,
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def storable(text: str | None) -> str | None:
    """What PostgreSQL can hold of a text that came from outside: no NUL, no half of a surrogate pair."""
    return None if text is None else text.replace("\0", "").encode("utf-8", "replace").decode()
