"""Who may send what, and when: claims, leases and the questions the sensors ask.

A claim hands out a fencing token; every later write of its worker names it (see `store.distributions`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa


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
class Claimed(Version):
    """A version that this worker alone may send now, after waiting `wait_seconds`.

    `late_seconds` is how long after its intended time it is sent; `max_lateness_minutes` is the account's limit.
    """

    wait_seconds: float
    late_seconds: float
    max_lateness_minutes: int
    post_status: str | None


def something_due(connection: sa.Connection, look_ahead: timedelta) -> bool:
    """The sensor's question: is there anything for a worker to do inside the look-ahead window?"""
    return bool(
        connection.scalar(
            sa.text("""
                select exists (
                    select from distributions d join platforms p on p.id = d.platform_id
                    where d.status = 'scheduled' and d.next_attempt_at <= now() + :look_ahead
                        and p.state = 'active' and (p.held_until is null or p.held_until <= now() + :look_ahead)
                )
            """),
            {"look_ahead": look_ahead},
        )
    )


# One lane an account: its row is locked first, in a statement of its own, so that the claim's snapshot sees every
# attempt of the worker that held the lane before. A lane with a live lease elsewhere is left to its worker.
_LOCK_LANES = sa.text("""
    select p.id
    from platforms p
    where p.state = 'active'
        and (p.held_until is null or p.held_until <= now())
        and exists (
            select from distributions d
            where d.platform_id = p.id and d.status = 'scheduled' and d.next_attempt_at <= now() + :look_ahead
        )
        and not exists (
            select from distributions d
            where d.platform_id = p.id and d.status = 'publishing' and d.lease_until > now()
        )
        and p.id <> all (:busy)
    order by p.id
    for no key update of p skip locked
""")

# The claim and the journal are one statement, so that no attempt can start unrecorded.
_CLAIM = sa.text("""
    with lanes as (
        select p.id, p.max_lateness_minutes,
            sent.last + make_interval(mins => p.min_interval_minutes) as earliest,
            least(
                :per_lane,
                case when p.min_interval_minutes > 0 then 1 end,
                p.posts_per_hour - sent.within_hour,
                p.posts_per_day - sent.within_day
            ) as allowance
        from platforms p
        cross join lateral (
            select max(a.started_at) as last,
                count(*) filter (where a.started_at > now() - interval '1 hour') as within_hour,
                count(*) as within_day
            from publish_attempts a
            where a.platform_id = p.id and a.started_at > now() - interval '24 hours'
                and a.outcome is distinct from 'not_sent'
        ) as sent
        where p.id = any (:lanes)
    ),
    due as (
        select candidate.id, candidate.send_at, lanes.max_lateness_minutes
        from lanes
        cross join lateral (
            select d.id, greatest(d.next_attempt_at, lanes.earliest, now()) as send_at
            from distributions d
            where d.platform_id = lanes.id and d.status = 'scheduled' and d.next_attempt_at <= now() + :look_ahead
                and (lanes.earliest is null or lanes.earliest <= now() + :look_ahead)
                and not exists (
                    select from distributions home join platforms h on h.id = home.platform_id and h.is_home
                    where home.post_id = d.post_id and home.id <> d.id and home.status not in ('published', 'cancelled')
                )
            order by d.next_attempt_at, d.id
            limit greatest(lanes.allowance, 0)
            for update of d skip locked
        ) as candidate
    ),
    claimed as (
        update distributions d
        set status = 'publishing', lease_token = d.lease_token + 1, leased_by = :worker,
            lease_until = due.send_at + :lease
        from due
        where d.id = due.id
        returning d.*, due.send_at, due.max_lateness_minutes
    ),
    journal as (
        insert into publish_attempts (distribution_id, platform_id, lease_token, worker, started_at)
        select id, platform_id, lease_token, :worker, send_at from claimed
    )
    select c.id, c.post_id, c.platform_id, c.title, c.body, c.media_urls, c.link_url, c.platform_specific,
        v.content_hash as approved_hash, c.lease_token, c.retry_count, c.max_lateness_minutes,
        post.status as post_status,
        extract(epoch from c.send_at - clock_timestamp())::float8 as wait_seconds,
        extract(epoch from c.send_at - c.scheduled_for)::float8 as late_seconds,
        coalesce(
            (select jsonb_object_agg(h.step, h.handle) from publish_handles h where h.distribution_id = c.id), '{}'
        ) as handles,
        coalesce(
            (select min(a.started_at) from publish_attempts a where a.distribution_id = c.id), c.send_at
        ) as started_at
    from claimed c
    left join review_versions v on v.review_id = c.review_id and v.distribution_id = c.id
    left join publisher_posts post on post.id = c.post_id
    order by c.send_at, c.next_attempt_at, c.id
""")


def claim(
    connection: sa.Connection,
    *,
    worker: str,
    look_ahead: timedelta,
    lease: timedelta,
    busy: Collection[UUID] = (),
    per_lane: int = 10,
) -> list[Claimed]:
    """Take what is due within `look_ahead`, at the pace each account allows, for `worker` alone.

    Oldest first in each account. A post's other distributions stay until its home page is published. `busy` names
    the accounts whose lane this worker still has in hand.
    """
    lanes = connection.scalars(_LOCK_LANES, {"look_ahead": look_ahead, "busy": list(busy)}).all()
    if not lanes:
        return []
    rows = connection.execute(
        _CLAIM,
        {"lanes": lanes, "look_ahead": look_ahead, "lease": lease, "worker": worker, "per_lane": per_lane},
    )
    return [Claimed(**row) for row in rows.mappings()]


def extend_leases(connection: sa.Connection, tokens: Mapping[UUID, int], lease: timedelta) -> None:
    """The heartbeat: the leases still held by these tokens last until now + `lease`, or longer where they did."""
    connection.execute(
        sa.text("""
            update distributions d
            set lease_until = greatest(d.lease_until, now() + :lease)
            from unnest(cast(:ids as uuid[]), cast(:tokens as bigint[])) as held (id, token)
            where d.id = held.id and d.lease_token = held.token and d.status = 'publishing'
        """),
        {"ids": list(tokens), "tokens": list(tokens.values()), "lease": lease},
    )


def record_handle(connection: sa.Connection, distribution_id: UUID, token: int, step: str, handle: str) -> bool:
    """Keep what a step left on the platform; False where the lease was lost (the handle is kept all the same)."""
    connection.execute(
        sa.text("""
            insert into publish_handles (distribution_id, step, handle) values (:id, :step, :handle)
            on conflict (distribution_id, step) do update set handle = excluded.handle, recorded_at = clock_timestamp()
        """),
        {"id": distribution_id, "step": step, "handle": handle},
    )
    held = sa.text(
        "select exists (select from distributions where id = :id and lease_token = :token and status = 'publishing')"
    )
    return bool(connection.scalar(held, {"id": distribution_id, "token": token}))


def expire_leases(connection: sa.Connection, settle: timedelta) -> list[UUID]:
    """Attempts whose worker is gone: they may have been sent, so they become unknown, never scheduled again blindly."""
    return list(
        connection.scalars(
            sa.text("""
                with expired as (
                    select id, lease_token from distributions
                    where status = 'publishing' and lease_until <= now()
                    for update skip locked
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
            """),
            {"settle": settle},
        )
    )


@dataclass(frozen=True, slots=True)
class Unresolved(Version):
    """A distribution that may have been sent. `settled`: from now on, an absence on the platform is evidence."""

    settled: bool


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
                coalesce(
                    (select jsonb_object_agg(h.step, h.handle) from publish_handles h where h.distribution_id = t.id),
                    '{}'
                ) as handles,
                coalesce(
                    (select min(a.started_at) from publish_attempts a where a.distribution_id = t.id), t.scheduled_for
                ) as started_at
            from taken t
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
