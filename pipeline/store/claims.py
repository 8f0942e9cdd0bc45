"""Who may send what, and when: claims, leases and the questions the sensors ask.

A claim hands out a fencing token; every later write of its worker names it (see `store.distributions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import ErrorKind, LatenessPolicy


@dataclass(frozen=True, slots=True)
class Version:
    """What a distribution would send, and the hash that was approved for it."""

    id: UUID
    post_id: UUID | None
    platform_id: UUID
    title: str | None
    body: str
    media_urls: Sequence[str]
    link_url: str | None
    platform_specific: Mapping[str, Any]
    approved_hash: str | None
    lease_token: int
    retry_count: int
    handles: Mapping[str, str]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing(Version):
    """A version about to leave, and what may have changed around it since it was approved.

    `home_url` is where the post's home is live, None where this is the home or there is none. `original_status` is that
    of the article which the post tells again, None where it tells none.
    """

    post_status: str | None
    home_url: str | None
    original_status: str | None


@dataclass(frozen=True, slots=True)
class Claimed(Outgoing):
    """A version that this worker alone may send now.

    `late_seconds` is how long ago its intended time was; `max_lateness_minutes` is the account's limit, and
    `lateness_policy` its own policy or else the account's. `expired_at` is when its post ceased to be of use, None
    where it still is.
    """

    late_seconds: float
    max_lateness_minutes: int
    lateness_policy: LatenessPolicy
    expired_at: datetime | None


# What is ours to send at its time: nothing of a vertical that is paused, and nothing that a platform holds or may hold.
OURS_TO_SEND: Final = """
    d.status = 'scheduled' and d.handed_over_for is null
    and (d.vertical_id = any (array(select v.id from publisher_verticals v where v.paused_at is not null))) is not true
"""

# What each free lane would send next, and when it may: oldest intention first. A lane is an account; one that a live
# lease occupies is left to its worker. A post's other distributions stay until its home page is published.
_NEXT = f"""
    select pace.platform_id, next.id, next.at, next.next_attempt_at, pace.last_attempt_at
    from account_pace pace
    cross join lateral (
        select d.id, d.next_attempt_at, greatest(d.next_attempt_at, pace.free_at) as at
        from distributions d
        where d.platform_id = pace.platform_id and {OURS_TO_SEND}
            and (pace.is_home or coalesce(
                (select bool_and(home.status in ('published', 'cancelled')) from homes_of(d.post_id) home), true
            ))
        order by d.next_attempt_at, d.id
        limit 1
    ) as next
    where not exists (
        select from distributions d
        where d.platform_id = pace.platform_id and d.status = 'publishing' and d.lease_until > now()
    )
"""  # noqa: S608 - our own text


def next_due(connection: sa.Connection) -> timedelta | None:
    """How long until something may be sent, by its time and its account's pace; zero or less is now, None never."""
    wait: timedelta | None = connection.scalar(
        sa.text(f"select min(at) - clock_timestamp() from ({_NEXT}) as next")  # noqa: S608 - our own text
    )
    return wait


# The columns of `Outgoing`, of a distribution d on the platform p. What belongs to it is looked up row by row, not
# joined: a join may be planned as a scan of a whole table.
OUTGOING: Final = """
    d.id, d.post_id, d.platform_id, d.title, d.body, d.media_urls, d.link_url, d.platform_specific,
    (
        select v.content_hash from review_versions v where v.review_id = d.review_id and v.distribution_id = d.id
    ) as approved_hash,
    d.lease_token, d.retry_count,
    coalesce(
        (select jsonb_object_agg(h.step, h.handle) from publish_handles h where h.distribution_id = d.id), '{}'
    ) as handles,
    coalesce(
        least(
            (select min(a.started_at) from publish_attempts a where a.distribution_id = d.id),
            (select min(h.begun_at) from handovers h where h.distribution_id = d.id)
        ),
        now()
    ) as started_at,
    (select post.status from publisher_posts post where post.id = d.post_id) as post_status,
    case when not p.is_home then
        (select home.external_url from homes_of(d.post_id) home where home.external_url is not null limit 1)
    end as home_url,
    (
        select original.status
        from publisher_posts post join publisher_posts original on original.id = post.repurposed_from
        where post.id = d.post_id
    ) as original_status
"""

# The accounts' rows are locked first, in a statement of its own, so that the claim's snapshot sees every attempt of the
# worker that held the lane before. Where more accounts are due than a worker has hands for, what is on time comes
# first, since there is no more of it than was planned for these seconds; then the accounts take turns, so that none
# waits until another's backlog is gone.
_LOCK_LANES = sa.text(f"""
    select p.id
    from ({_NEXT}) as next join platforms p on p.id = next.platform_id
    where next.at <= now()
    order by next.next_attempt_at > now() - interval '30 seconds' desc, next.last_attempt_at nulls first, next.at
    limit :lanes
    for no key update of p skip locked
""")  # noqa: S608 - our own text

# The claim and the journal are one statement, so that no attempt can start unrecorded. The columns are `Claimed`'s.
_CLAIM = sa.text(f"""
    with due as (
        select d.id
        from ({_NEXT}) as next
        join distributions d on d.id = next.id
        where next.platform_id = any (:lanes) and next.at <= now()
        for update of d skip locked
    ),
    claimed as (
        update distributions d
        set status = 'publishing', lease_token = d.lease_token + 1, leased_by = :worker, lease_until = now() + :lease
        from due
        where d.id = due.id
        returning d.*
    ),
    journal as (
        insert into publish_attempts (distribution_id, platform_id, lease_token, worker, started_at)
        select id, platform_id, lease_token, :worker, clock_timestamp() from claimed
    )
    select {OUTGOING},
        extract(epoch from now() - d.scheduled_for)::float8 as late_seconds,
        p.max_lateness_minutes, coalesce(d.lateness_policy, p.lateness_policy) as lateness_policy,
        (
            select post.expires_at from publisher_posts post where post.id = d.post_id and post.expires_at <= now()
        ) as expired_at
    from claimed d
    join platforms p on p.id = d.platform_id
""")  # noqa: S608 - our own text


def claim(connection: sa.Connection, *, worker: str, lease: timedelta, lanes: int) -> list[Claimed]:
    """Take, of up to `lanes` accounts that may send now, what is due longest, for `worker` alone."""
    free = connection.scalars(_LOCK_LANES, {"lanes": lanes}).all()
    if not free:
        return []
    rows = connection.execute(_CLAIM, {"lanes": free, "lease": lease, "worker": worker})
    return [Claimed(*row) for row in rows.all()]


def extend_leases(connection: sa.Connection, tokens: Mapping[UUID, int], lease: timedelta) -> set[UUID]:
    """The heartbeat: the leases still held by these tokens last until now + `lease`, or longer where they did.

    Returns those that are still held.
    """
    return set(
        connection.scalars(
            sa.text("""
                update distributions d
                set lease_until = greatest(d.lease_until, now() + :lease)
                from unnest(cast(:ids as uuid[]), cast(:tokens as bigint[])) as held (id, token)
                where d.id = held.id and d.lease_token = held.token and d.status = 'publishing'
                returning d.id
            """),
            {"ids": list(tokens), "tokens": list(tokens.values()), "lease": lease},
        )
    )


def record_handle(connection: sa.Connection, distribution_id: UUID, token: int, step: str, handle: str) -> bool:
    """Keep what a step left on the platform; False where the lease was lost (the handle is kept all the same)."""
    keep_handle(connection, distribution_id, step, handle)
    held = sa.text(
        "select exists (select from distributions where id = :id and lease_token = :token and status = 'publishing')"
    )
    return bool(connection.scalar(held, {"id": distribution_id, "token": token}))


def keep_handle(connection: sa.Connection, distribution_id: UUID, step: str, handle: str) -> None:
    connection.execute(
        sa.text("""
            insert into publish_handles (distribution_id, step, handle) values (:id, :step, :handle)
            on conflict (distribution_id, step) do update set handle = excluded.handle, recorded_at = clock_timestamp()
        """),
        {"id": distribution_id, "step": step, "handle": handle},
    )


_EXPIRED = "d.status = 'publishing' and d.lease_until <= now()"

_LOCK_EXPIRED_LANES = sa.text(f"""
    select p.id from platforms p
    where exists (select from distributions d where d.platform_id = p.id and {_EXPIRED})
    for no key update skip locked
""")  # noqa: S608 - our own text

_EXPIRE = sa.text(f"""
    with expired as (
        select d.id, d.lease_token from distributions d
        where d.platform_id = any (:lanes) and {_EXPIRED}
        for update
    ),
    journal as (
        update publish_attempts a
        set outcome = 'unknown', finished_at = clock_timestamp(), error_kind = 'lost',
            error_message = 'the worker stopped before it reported an outcome'
        from expired
        where a.distribution_id = expired.id and a.lease_token = expired.lease_token and a.outcome is null
    )
    update distributions d
    set status = 'unknown', lease_until = null, leased_by = null,
        error_message = 'the worker stopped before it reported an outcome',
        settle_until = now() + :settle, reconcile_at = now()
    from expired
    where d.id = expired.id
    returning d.id
""")  # noqa: S608 - our own text


def expire_leases(connection: sa.Connection, settle: timedelta) -> list[UUID]:
    """Attempts whose worker is gone: they may have been sent, so they become unknown, never scheduled again blindly.

    Accounts are locked before distributions, as by everybody.
    """
    lanes = connection.scalars(_LOCK_EXPIRED_LANES).all()
    if not lanes:
        return []
    return list(connection.scalars(_EXPIRE, {"lanes": lanes, "settle": settle}))


@dataclass(frozen=True, slots=True)
class Unresolved(Version):
    """A distribution that may have been sent.

    `settled`: from now on, an absence on the platform is evidence. `asked_for` is how long its outcome has been
    unknown, `last_error` what the last attempt met.
    """

    settled: bool
    asked_for: timedelta
    last_error: ErrorKind | None
    person_asked: bool


def claim_unresolved(connection: sa.Connection, *, lease: timedelta, limit: int = 20) -> list[Unresolved]:
    """Take unknown outcomes whose time to ask has come; others leave them alone until `lease` from now."""
    rows = connection.execute(
        sa.text("""
            with due as (
                select id from distributions
                where status = 'unknown' and reconcile_at <= now()
                order by reconcile_at
                limit :limit
                for update skip locked
            ),
            taken as (
                update distributions d
                set reconcile_at = now() + :lease, lease_token = d.lease_token + 1
                from due
                where d.id = due.id
                returning d.*
            )
            select t.id, t.post_id, t.platform_id, t.title, t.body, t.media_urls, t.link_url, t.platform_specific,
                v.content_hash as approved_hash, t.lease_token, t.retry_count, t.settle_until <= now() as settled,
                now() - last.started_at as asked_for, last.error_kind as last_error,
                t.person_asked_at is not null as person_asked,
                coalesce(
                    (select jsonb_object_agg(h.step, h.handle) from publish_handles h where h.distribution_id = t.id),
                    '{}'
                ) as handles,
                coalesce(
                    least(
                        (select min(a.started_at) from publish_attempts a where a.distribution_id = t.id),
                        (select min(h.begun_at) from handovers h where h.distribution_id = t.id)
                    ),
                    t.scheduled_for
                ) as started_at
            from taken t
            left join lateral (
                select a.started_at, a.error_kind from publish_attempts a
                where a.distribution_id = t.id order by a.lease_token desc limit 1
            ) as last on true
            left join review_versions v on v.review_id = t.review_id and v.distribution_id = t.id
        """),
        {"lease": lease, "limit": limit},
    )
    return [Unresolved(**row) for row in rows.mappings()]


def something_unresolved(connection: sa.Connection) -> bool:
    """The reconcile sensor's question: a lease that ran out, or an unknown outcome whose time to ask has come."""
    return bool(
        connection.scalar(
            sa.text("""
                select exists (select from distributions where status = 'publishing' and lease_until <= now())
                    or exists (select from distributions where status = 'unknown' and reconcile_at <= now())
            """)
        )
    )
