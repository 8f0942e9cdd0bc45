"""What reading figures costs an account, what it may cost, and when its platform may be asked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Reading:
    """What an account may ask: not before `retry_at`; `budget_usd` a calendar month, of which `spent_usd` is gone."""

    retry_at: datetime | None
    budget_usd: Decimal | None
    spent_usd: Decimal


def reading(connection: sa.Connection, account_id: UUID, now: datetime) -> Reading:
    """How the account stands in the month of `now`, in UTC."""
    row = connection.execute(
        sa.text("""
            select p.metrics_retry_at, p.metrics_budget_usd, coalesce(sum(r.usd), 0) as spent
            from platforms p left join metrics_reads r on r.platform_id = p.id and r.day between :first and :today
            where p.id = :id
            group by p.id
        """),
        {"id": account_id, "first": now.date().replace(day=1), "today": now.date()},
    ).one()
    return Reading(row.metrics_retry_at, row.metrics_budget_usd, row.spent)


def charge(
    connection: sa.Connection, account_id: UUID, day: date, usd: Decimal, *, calls: int = 0, publications: int = 0
) -> None:
    """Write down what questions take, of the UTC `day`; a negative `usd` gives back what was not charged after all."""
    connection.execute(
        sa.text("""
            insert into metrics_reads as r (platform_id, day, calls, publications, usd)
            values (:id, :day, :calls, :publications, greatest(:usd, 0))
            on conflict (platform_id, day) do update
            set calls = r.calls + excluded.calls, publications = r.publications + excluded.publications,
                usd = greatest(r.usd + :usd, 0)
        """),
        {"id": account_id, "day": day, "calls": calls, "publications": publications, "usd": usd},
    )


def set_budget(connection: sa.Connection, account_id: UUID, usd: Decimal | None) -> None:
    """The most that reading the account's figures may cost in a calendar month, in dollars; None is no limit."""
    connection.execute(
        sa.text("update platforms set metrics_budget_usd = :usd where id = :id"), {"usd": usd, "id": account_id}
    )


def rest_until(connection: sa.Connection, account_id: UUID, until: datetime) -> None:
    """Its figures are not asked for before."""
    connection.execute(
        sa.text("update platforms set metrics_retry_at = :until where id = :id"), {"until": until, "id": account_id}
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account's figures stand; what it was asked, and what that cost in dollars, in this month, in UTC.

    Attributes:
        followed: publications that are still asked for now and then.
        due: those that are to be asked for now.
        gone: those that its platform no longer has.
    """

    account_key: str
    followed: int
    due: int
    gone: int
    synced_at: datetime | None
    retry_at: datetime | None
    calls: int
    publications: int
    spent_usd: Decimal
    budget_usd: Decimal | None


def standings(connection: sa.Connection, now: datetime) -> Sequence[Standing]:
    """Every account's, by its key."""
    rows = connection.execute(
        sa.text("""
            select p.account_key, d.followed, d.due, g.gone,
                p.last_metrics_sync_at as synced_at, case when p.metrics_retry_at > :now then p.metrics_retry_at end
                as retry_at, r.calls, r.publications, r.usd as spent_usd, p.metrics_budget_usd as budget_usd
            from platforms p
            cross join lateral (
                select count(*) as followed,
                    count(*) filter (where next_metrics_at <= :now and external_id is not null) as due
                from distributions where platform_id = p.id and status = 'published' and next_metrics_at is not null
            ) as d
            cross join lateral (
                select count(*) as gone from distributions where platform_id = p.id and metrics_state = 'gone'
            ) as g
            cross join lateral (
                select coalesce(sum(calls), 0) as calls, coalesce(sum(publications), 0) as publications,
                    coalesce(sum(usd), 0) as usd
                from metrics_reads where platform_id = p.id and day between :first and :today
            ) as r
            order by p.account_key
        """),
        {"now": now, "first": now.date().replace(day=1), "today": now.date()},
    )
    return [Standing(**row) for row in rows.mappings()]
