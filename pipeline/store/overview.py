"""What is shown of an account and of a distribution: reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`what` is the link where it is live, else the reason why it is not."""

    id: UUID
    account_key: str
    canonical_id: str | None
    at: datetime
    status: str
    title: str
    what: str
    is_free: bool
    """Scheduled, and nothing that one can see keeps it from being sent at its time."""


@dataclass(frozen=True, slots=True)
class Ledger:
    counts: dict[str, int]
    latest: Sequence[LedgerRow]


_ROWS = """
    select d.id, p.account_key, post.canonical_id,
        coalesce(d.published_at, d.scheduled_for, d.created_at) as at,
        d.status, coalesce(post.title, d.title, left(d.body, 60)) as title,
        concat_ws('; ',
            case d.status when 'published' then d.external_url when 'held' then d.hold_reason
                when 'draft' then 'waits for approval' else d.error_message end,
            case when d.status = 'unknown'
                then 'the platform is asked, and if it has none, it is sent again after '
                    || to_char(d.settle_until, 'HH24:MI') || ' UTC'
                else waits.reason end
        ) as what, waits.reason is null as is_free
    from distributions d
    join platforms p on p.id = d.platform_id
    left join publisher_posts post on post.id = d.post_id
    left join lateral (
        select h.status from distributions h join platforms hp on hp.id = h.platform_id and hp.is_home
        where h.post_id = d.post_id and h.id <> d.id
        limit 1
    ) as home on true
    cross join lateral (
        select case when d.status <> 'scheduled' then null
            when p.state = 'paused' then 'account paused: ' || p.state_reason
            when p.held_until > now() then 'the account rests until ' || to_char(p.held_until, 'HH24:MI:SS') || ' UTC'
            when home.status not in ('published', 'cancelled') then 'waits for its home page, which is ' || home.status
        end as reason
    ) as waits
"""


def account_ledger(connection: sa.Connection, account_key: str, limit: int = 50) -> Ledger:
    """One account: how many distributions in each status, and the latest of them."""
    counts = connection.execute(
        sa.text("""
            select d.status, count(*) as n
            from distributions d join platforms p on p.id = d.platform_id
            where p.account_key = :key group by d.status order by d.status
        """),
        {"key": account_key},
    )
    latest = connection.execute(
        sa.text(f"{_ROWS} where p.account_key = :key order by at desc limit :limit"),
        {"key": account_key, "limit": limit},
    )
    return Ledger({row.status: row.n for row in counts}, [LedgerRow(**row) for row in latest.mappings()])


def distributions_of(connection: sa.Connection, canonical_id: str) -> list[LedgerRow]:
    """One post's distributions, its home first."""
    rows = connection.execute(
        sa.text(f"{_ROWS} where post.canonical_id = :id order by p.is_home desc, p.account_key"), {"id": canonical_id}
    )
    return [LedgerRow(**row) for row in rows.mappings()]


def distributions_matching(connection: sa.Connection, beginning: str) -> list[LedgerRow]:
    """The distributions whose own id, or whose post's, begins so; a post's home first."""
    rows = connection.execute(
        sa.text(f"""
            {_ROWS}
            where starts_with(d.id::text, lower(:text)) or starts_with(post.canonical_id, :text)
            order by post.canonical_id, p.is_home desc, p.account_key limit 100
        """),
        {"text": beginning},
    )
    return [LedgerRow(**row) for row in rows.mappings()]


def open_distributions(connection: sa.Connection, statuses: Sequence[str], limit: int = 100) -> list[LedgerRow]:
    """Those in any of the statuses, the latest first."""
    rows = connection.execute(
        sa.text(f"{_ROWS} where d.status = any (:statuses) order by at desc limit :limit"),
        {"statuses": list(statuses), "limit": limit},
    )
    return [LedgerRow(**row) for row in rows.mappings()]


def journal_of(connection: sa.Connection, distribution_id: UUID) -> list[dict[str, Any]]:
    """Everything that happened to a distribution, in order: changes of status, attempts, handles."""
    rows = connection.execute(
        sa.text("""
            select at, 'status' as kind, coalesce(from_status || ' → ', '') || to_status as what,
                concat_ws(', ', actor, reason) as detail
            from distribution_events where distribution_id = :id
            union all
            select started_at, 'attempt', coalesce(outcome, 'open'),
                concat_ws(', ', worker, error_kind, http_status::text, error_message)
            from publish_attempts where distribution_id = :id
            union all
            select recorded_at, 'handle', step, handle from publish_handles where distribution_id = :id
            order by at
        """),
        {"id": distribution_id},
    )
    return [dict(row) for row in rows.mappings()]


def overdue(connection: sa.Connection, limit: int = 50) -> list[LedgerRow]:
    """Scheduled, due more than a quarter of an hour ago, and with no reason to wait that one could see."""
    rows = connection.execute(
        sa.text(f"""
            select * from (
                {_ROWS} where d.status = 'scheduled' and d.next_attempt_at < now() - interval '15 minutes'
            ) as late
            where is_free order by at limit :limit
        """),  # noqa: S608 - our own text
        {"limit": limit},
    )
    return [LedgerRow(**row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What one account would publish of a post."""

    account_key: str
    status: str
    title: str | None
    body: str
    link_url: str | None
    hold_reason: str | None


def versions_of(connection: sa.Connection, canonical_id: str) -> list[VersionRow]:
    """The post's versions, its home first."""
    rows = connection.execute(
        sa.text("""
            select p.account_key, d.status, d.title, d.body, d.link_url, d.hold_reason
            from distributions d
            join platforms p on p.id = d.platform_id
            join publisher_posts post on post.id = d.post_id
            where post.canonical_id = :id
            order by p.is_home desc, p.account_key
        """),
        {"id": canonical_id},
    )
    return [VersionRow(**row) for row in rows.mappings()]
