"""What the daily digest shows, read in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Item:
    """A distribution. `what` is its link where it is live, else the reason why it is not."""

    id: UUID
    account_key: str
    status: str
    at: datetime
    title: str
    what: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """The first of `count`."""

    count: int
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class AccountDay:
    """An account's last and next 24 hours. `paused`: the reason, None where it is active."""

    account_key: str
    published: int
    failed_attempts: int
    scheduled: int
    paused: str | None


def accounts_day(connection: sa.Connection, day: timedelta) -> list[AccountDay]:
    """Every account, the home first."""
    rows = connection.execute(
        sa.text("""
            select p.account_key,
                (select count(*) from distributions d
                    where d.platform_id = p.id and d.status = 'published' and d.published_at > now() - :day)
                    as published,
                (select count(*) from publish_attempts a
                    where a.platform_id = p.id and a.error_kind is not null and a.started_at > now() - :day)
                    as failed_attempts,
                (select count(*) from distributions d
                    where d.platform_id = p.id and d.status = 'scheduled' and d.next_attempt_at <= now() + :day)
                    as scheduled,
                case when p.state = 'paused' then p.state_reason end as paused
            from platforms p
            order by p.is_home desc, p.account_key
        """),
        {"day": day},
    )
    return [AccountDay(**row) for row in rows.mappings()]


def published(connection: sa.Connection, day: timedelta) -> Listed:
    return _listed(connection, "d.status = 'published' and d.published_at > now() - :day", "d.published_at desc", day)


def in_need(connection: sa.Connection) -> Listed:
    """What failed, is held or unknown, whenever that was: it stays until somebody sees to it."""
    return _listed(connection, "d.status in ('failed', 'held', 'unknown')", "d.scheduled_for desc nulls last")


def to_come(connection: sa.Connection, day: timedelta) -> Listed:
    return _listed(connection, "d.status = 'scheduled' and d.next_attempt_at <= now() + :day", "d.next_attempt_at", day)


def _listed(connection: sa.Connection, which: str, order: str, day: timedelta | None = None) -> Listed:
    statement = sa.text(f"""
        select count(*) over () as total, d.id, p.account_key, d.status,
            coalesce(d.published_at, d.scheduled_for, d.created_at) as at,
            coalesce(post.title, d.title, left(d.body, 60)) as title,
            case d.status when 'published' then d.external_url when 'held' then d.hold_reason
                else d.error_message end as what
        from distributions d
        join platforms p on p.id = d.platform_id
        left join publisher_posts post on post.id = d.post_id
        where {which}
        order by {order}, d.id
        limit :limit
    """)  # noqa: S608 - our own text
    rows = (
        connection.execute(statement, {"limit": _AT_MOST} | ({"day": day} if day is not None else {})).mappings().all()
    )
    items = [Item(**{name: row[name] for name in Item.__dataclass_fields__}) for row in rows]
    return Listed(rows[0]["total"] if rows else 0, items)
