"""What a look ahead needs to know, and what it found: rows of `distribution_checks` and `distribution_warnings`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.claims import OURS_TO_SEND
from pipeline.store.neighbours import sent_lately
from pipeline.vocabulary import WarningKind, WarningStage


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A scheduled distribution within 24 hours of its time. `name` is what people know it by, its post's title.

    `home_urls` is where the post's own page is or will be; `approved_hash` is None where no approval covers it.
    `is_handed_over`: its platform holds it, or may hold it, and publishes it by itself. `vertical_paused` is why
    nothing of its vertical goes out, None where it does.
    """

    id: UUID
    post_id: UUID | None
    name: str
    platform_id: UUID
    title: str | None
    body: str
    media_urls: Sequence[str]
    link_url: str | None
    platform_specific: Mapping[str, Any]
    approved_hash: str | None
    scheduled_for: datetime
    timezone: str
    variant_group: str | None
    stage: WarningStage
    home_urls: Sequence[str]
    is_handed_over: bool
    vertical_paused: str | None


# A retry only ever moves next_attempt_at beyond the time, so its index, which is that of what is due, finds them all
# but those that wait for longer than the window.
_UPCOMING = """
    select d.*, case when d.scheduled_for <= now() + interval '1 hour' then 'hour' else 'day' end as stage
    from distributions d
    where d.status = 'scheduled' and d.next_attempt_at > now() and d.next_attempt_at <= now() + interval '24 hours'
        and d.scheduled_for > now()
"""
_NOT_LOOKED_AT = """
    not exists (
        select from distribution_checks c
        where c.distribution_id = u.id and c.stage = u.stage and c.scheduled_for = u.scheduled_for
    )
"""
_OUTLIVED = """
    from distribution_warnings w
    where w.resolved_at is null
        and not exists (select from distributions d where d.id = w.distribution_id and d.status = 'scheduled')
"""


def anything_to_look_at(connection: sa.Connection) -> bool:
    """The sensor's question: a stage that was not looked at, or a warning whose distribution has gone on its way."""
    question = f"select exists (select from ({_UPCOMING}) as u where {_NOT_LOOKED_AT}) or exists (select {_OUTLIVED})"  # noqa: S608 - our own text
    return bool(connection.scalar(sa.text(question)))


def upcoming(
    connection: sa.Connection, *, again: bool, after: tuple[datetime, UUID] | None, limit: int
) -> list[Upcoming]:
    """What is to be looked at, by its time; with `again` what was looked at already too. `after` is where to go on."""
    rows = connection.execute(
        sa.text(f"""
            select u.id, u.post_id, coalesce(post.title, u.title, left(u.body, 60)) as name, u.platform_id,
                u.title, u.body, u.media_urls, u.link_url, u.platform_specific,
                v.content_hash as approved_hash, u.scheduled_for, u.timezone, u.variant_group, u.stage,
                array_remove(
                    array(select home.external_url from homes_of(u.post_id) home)
                        || (vertical.base_url || '/' || post.slug || '/'),
                    null
                ) as home_urls,
                u.handed_over_for is not null as is_handed_over,
                (select v.pause_reason from publisher_verticals v where v.id = u.vertical_id) as vertical_paused
            from ({_UPCOMING}) as u
            left join review_versions v on v.review_id = u.review_id and v.distribution_id = u.id
            left join publisher_posts post on post.id = u.post_id
            left join publisher_verticals vertical on vertical.id = post.vertical_id
            where (:again or {_NOT_LOOKED_AT})
                and (cast(:at as timestamptz) is null or (u.scheduled_for, u.id) > (:at, cast(:id as uuid)))
            order by u.scheduled_for, u.id
            limit :limit
        """),  # noqa: S608 - our own text
        {"again": again, "at": after and after[0], "id": after and after[1], "limit": limit},
    )
    return [Upcoming(**{**row, "stage": WarningStage(row["stage"])}) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Queue:
    """What an account sent in the last 24 hours and has scheduled for the next, and what it may send."""

    min_interval_minutes: int
    posts_per_hour: int | None
    posts_per_day: int | None
    quota_remaining: int | None
    quota_reported_at: datetime | None
    quota_resets_at: datetime | None
    now: datetime
    sent: Sequence[datetime]
    waiting: Sequence[tuple[UUID, datetime]]


def queue_of(connection: sa.Connection, account_id: UUID) -> Queue:
    """Both in order, the oldest first; `waiting` with the moment from which each may be sent."""
    account = {"account": account_id}
    limits = connection.execute(
        sa.text("""
            select min_interval_minutes, posts_per_hour, posts_per_day, quota_remaining, quota_reported_at,
                quota_resets_at, now() as now
            from platforms where id = :account
        """),
        account,
    ).one()
    sent = sent_lately(connection, account_id)
    waiting = connection.execute(
        sa.text(f"""
            select id, at from (
                select d.id, greatest(d.next_attempt_at, now()) as at from distributions d
                where d.platform_id = :account and {OURS_TO_SEND} and d.next_attempt_at <= now() + interval '24 hours'
                union all
                select d.id, d.handed_over_for from distributions d
                where d.platform_id = :account and d.handed_over_for between now() and now() + interval '24 hours'
            ) as waiting
            order by at, id
        """),  # noqa: S608 - our own text
        account,
    ).all()
    return Queue(**limits._mapping, sent=sent, waiting=[(row.id, row.at) for row in waiting])  # noqa: SLF001 - the public way to a row's names


@dataclass(frozen=True, slots=True)
class EarlierText:
    """What the same account said, or will say. `at` is when."""

    id: UUID
    post_id: UUID | None
    title: str | None
    body: str
    at: datetime


def earlier_texts(connection: sa.Connection, account_id: UUID, limit: int) -> list[EarlierText]:
    """What the account published in the last 30 days and has scheduled within 24 hours.

    Of each at most `limit`, those nearest to now.
    """
    rows = connection.execute(
        sa.text("""
            select id, post_id, title, body, at
            from (
                (
                    select d.*, d.scheduled_for as at from distributions d
                    where d.platform_id = :account and d.status = 'scheduled' and d.handed_over_for is null
                        and d.next_attempt_at <= now() + interval '24 hours'
                    order by d.next_attempt_at
                    limit :limit
                )
                union all
                (
                    select d.*, d.handed_over_for as at from distributions d
                    where d.platform_id = :account and d.handed_over_for <= now() + interval '24 hours'
                    order by d.handed_over_for
                    limit :limit
                )
                union all
                (
                    select d.*, d.published_at as at from distributions d
                    where d.platform_id = :account and d.status = 'published'
                        and d.published_at > now() - interval '30 days'
                    order by d.published_at desc
                    limit :limit
                )
            ) as said
        """),
        {"account": account_id, "limit": limit},
    )
    return [EarlierText(**row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Change:
    """What a look changed: the kinds that were not warned of before, and whether any warning is left open."""

    new: Sequence[WarningKind]
    open: bool


def record(connection: sa.Connection, item: Upcoming, found: Mapping[WarningKind, str]) -> Change:
    """Write down that the distribution was looked at, and what was found; what was not found again is resolved."""
    key = {"id": item.id, "stage": item.stage, "scheduled_for": item.scheduled_for, "kinds": list(found)}
    connection.execute(
        sa.text("""
            insert into distribution_checks as c (distribution_id, stage, scheduled_for)
            values (:id, :stage, :scheduled_for)
            on conflict (distribution_id, stage, scheduled_for) do update set checked_at = clock_timestamp()
        """),
        key,
    )
    connection.execute(
        sa.text("""
            update distribution_warnings set resolved_at = clock_timestamp()
            where distribution_id = :id and resolved_at is null and kind <> all (:kinds)
        """),
        key,
    )
    raised = sa.text("""
        insert into distribution_warnings (distribution_id, kind, message) values (:id, :kind, :message)
        on conflict (distribution_id, kind) where resolved_at is null do update set message = excluded.message
        returning xmax = 0 as new
    """)
    new = [
        kind
        for kind, message in found.items()
        if connection.scalar(raised, {"id": item.id, "kind": kind, "message": message})
    ]
    return Change(new, bool(found))


def resolve_outlived(connection: sa.Connection) -> list[UUID]:
    """Close the warnings about what is no longer scheduled (sent, held, taken back); the distributions' ids."""
    statement = f"""
        update distribution_warnings set resolved_at = clock_timestamp()
        where id in (select w.id {_OUTLIVED})
        returning distribution_id
    """  # noqa: S608 - our own text
    return sorted(set(connection.scalars(sa.text(statement))))


@dataclass(frozen=True, slots=True)
class WarningRow:
    distribution_id: UUID
    kind: WarningKind
    message: str
    raised_at: datetime
    account_key: str
    title: str
    scheduled_for: datetime
    timezone: str


def open_warnings(connection: sa.Connection) -> list[WarningRow]:
    """By the distributions' times."""
    rows = connection.execute(
        sa.text("""
            select w.distribution_id, w.kind, w.message, w.raised_at, p.account_key,
                coalesce(post.title, d.title, left(d.body, 60)) as title, d.scheduled_for, d.timezone
            from distribution_warnings w
            join distributions d on d.id = w.distribution_id and d.status = 'scheduled'
            join platforms p on p.id = d.platform_id
            left join publisher_posts post on post.id = d.post_id
            where w.resolved_at is null
            order by d.scheduled_for, d.id, w.id
        """)
    )
    return [WarningRow(**{**row, "kind": WarningKind(row["kind"])}) for row in rows.mappings()]
