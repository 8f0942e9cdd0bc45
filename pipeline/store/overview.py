"""What is shown of posts and their distributions: reads only. The words for it are `store.standing`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import standing
from pipeline.store.claims import OURS_TO_SEND
from pipeline.store.health import PACE
from pipeline.store.standing import Facts
from pipeline.vocabulary import AccountState, DistributionStatus, PostStatus

ATTENTION: Final = (DistributionStatus.FAILED, DistributionStatus.HELD, DistributionStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`what` is the link where it is live, else the reason why it is not; `next_step` what happens, or can be done."""

    id: UUID
    account_key: str
    canonical_id: str | None
    group_id: UUID | None
    at: datetime
    status: str
    title: str
    what: str
    next_step: str
    is_free: bool
    """Scheduled, and nothing that one can see keeps it from being sent at its time."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`attention`: what failed, is held or may be live."""

    counts: dict[str, int]
    latest: Sequence[LedgerRow]
    attention: Sequence[LedgerRow]


# What a post's other distributions wait for: a home page that is neither live nor given up for good.
_HOME: Final = """
    select home.status from homes_of(d.post_id) home where home.status not in ('published', 'cancelled') limit 1
"""

# Which rows are shown is decided before the facts are gathered, for these cost some look-ups each.
_ROWS: Final = """
    with pace as materialized ({pace}), picked as materialized ({picked})
    select d.id, d.status, now() as now, p.account_key, p.state as account_state, p.state_reason as account_reason,
        post.canonical_id, post.status as post_status, d.cross_post_group_id as group_id,
        coalesce(post.title, d.title, left(d.body, 60)) as title,
        coalesce(d.published_at, d.scheduled_for, d.created_at) as at,
        exists (
            select from review_versions v
            where v.review_id = d.review_id and v.distribution_id = d.id and v.content_hash = d.content_hash
        ) as approved,
        d.external_url, d.taken_down_at, d.takedown_error,
        d.error_message, d.hold_reason, d.retry_count, d.next_attempt_at, d.leased_by, d.lease_until,
        d.settle_until, d.reconcile_at, d.person_asked_at, pace.free_at, pace.limited_by,
        case when d.status = 'scheduled' and not p.is_home then ({home}) end as home_status,
        case when d.status = 'scheduled' and d.next_attempt_at <= now() then (
            select busy.leased_by from distributions busy
            where busy.platform_id = d.platform_id and busy.status = 'publishing' and busy.lease_until > now()
            limit 1
        ) end as lane_worker,
        d.status = 'scheduled' and d.next_attempt_at <= now() and p.state = 'active' and exists (
            select from (
                select first.* from distributions first
                where first.platform_id = d.platform_id and first.status = 'scheduled'
                    and (first.next_attempt_at, first.id) < (d.next_attempt_at, d.id)
            ) as d
            where {ours} and (p.is_home or not exists ({home}))
        ) as others_first,
        case when d.status = 'scheduled' then (
            select v.pause_reason from publisher_verticals v where v.id = d.vertical_id and v.paused_at is not null
        ) end as vertical_paused,
        d.handed_over_for, held.held_since, held.reason as handover_trouble
    from picked
    join distributions d on d.id = picked.id
    join platforms p on p.id = d.platform_id
    left join pace on pace.platform_id = p.id
    left join handovers held on held.distribution_id = d.id and held.ended_at is null
    left join publisher_posts post on post.id = d.post_id
    order by {order}
"""


def account_ledger(connection: sa.Connection, account_key: str, limit: int = 50) -> Ledger:
    """One account: how many distributions in each status, the latest of them, and what needs a person."""
    counts = connection.execute(
        sa.text("""
            select d.status, count(*) as n
            from distributions d join platforms p on p.id = d.platform_id
            where p.account_key = :key group by d.status order by d.status
        """),
        {"key": account_key},
    )
    return Ledger(
        {row.status: row.n for row in counts},
        open_distributions(connection, list(DistributionStatus), limit, account=account_key),
        open_distributions(connection, ATTENTION, limit, account=account_key),
    )


def open_distributions(
    connection: sa.Connection,
    statuses: Sequence[str],
    limit: int = 100,
    *,
    account: str | None = None,
    post: str | None = None,
    group: str | None = None,
) -> list[LedgerRow]:
    """Those in any of the statuses, the latest first.

    Only this account's, those of posts whose id begins so, those of groups whose name or id begins so.
    """
    conditions = {
        "pp.account_key = :account": account,
        "d.post_id in (select id from publisher_posts where starts_with(canonical_id, :post))": post,
        "d.cross_post_group_id in (select id from cross_post_groups "
        "where starts_with(name, :group) or starts_with(id::text, lower(:group)))": group,
    }
    narrowed = "".join(f" and {condition}" for condition, value in conditions.items() if value is not None)
    return _rows(
        connection,
        f"""
            select d.id from distributions d join platforms pp on pp.id = d.platform_id
            where d.status = any (:statuses) {narrowed}
            order by coalesce(d.published_at, d.scheduled_for, d.created_at) desc limit :limit
        """,  # noqa: S608 - our own text
        {"statuses": list(statuses), "limit": limit, "account": account, "post": post, "group": group},
        order="at desc",
    )


def distributions_of(connection: sa.Connection, canonical_id: str) -> list[LedgerRow]:
    """One post's distributions, its home first."""
    return _rows(
        connection,
        "select id from distributions where post_id = (select id from publisher_posts where canonical_id = :id)",
        {"id": canonical_id},
    )


def distributions_matching(connection: sa.Connection, beginning: str) -> list[LedgerRow]:
    """The distributions whose own id, or whose post's, with or without the vertical's name, begins so; a post's home
    first.
    """
    return _rows(
        connection,
        """
            select id from distributions where id between :low and :high
            union
            select id from distributions
            where post_id in (
                select p.id from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
                where starts_with(p.canonical_id, :text)
                    or starts_with(p.canonical_id, concat(v.slug, '-', cast(:text as text)))
                limit 100
            )
            limit 100
        """,
        {"text": beginning, **_uuid_range(beginning)},
    )


def ids_beginning(connection: sa.Connection, beginning: str, limit: int) -> list[UUID]:
    """The distributions whose id begins so, up to `limit`."""
    query = sa.text("select id from distributions where id between :low and :high order by id limit :limit")
    return list(connection.scalars(query, {"limit": limit, **_uuid_range(beginning)}))


def distribution(connection: sa.Connection, distribution_id: UUID) -> LedgerRow:
    (row,) = _rows(connection, "select cast(:id as uuid) as id", {"id": distribution_id})
    return row


def in_group(connection: sa.Connection, group_id: UUID) -> list[LedgerRow]:
    """The results of a cross-post group, one an account, the home first."""
    return _rows(connection, "select id from distributions where cross_post_group_id = :group", {"group": group_id})


def overdue(connection: sa.Connection, limit: int = 50) -> list[LedgerRow]:
    """What might have been sent for a quarter of an hour, by its time and its account's pace, and was not.

    One an account: what comes after it in its lane waits for it.
    """
    heads = f"""
        select head.id from platforms account cross join lateral (
            select d.id from distributions d
            where d.platform_id = account.id and {OURS_TO_SEND} and d.next_attempt_at < now() - :after
                and (account.is_home or not exists ({_HOME}))
            order by d.next_attempt_at, d.id
            limit 1
        ) as head
        where account.state = 'active'
    """  # noqa: S608 - our own text
    facts = _facts(connection, heads, {"after": standing.OVERDUE_AFTER}, order="at")
    return [_ledger_row(row, each) for row, each in facts if standing.is_overdue(each)][:limit]


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


def _rows(
    connection: sa.Connection,
    picked: str,
    values: Mapping[str, Any],
    order: str = "post.canonical_id, p.is_home desc, p.account_key",
) -> list[LedgerRow]:
    return [_ledger_row(row, facts) for row, facts in _facts(connection, picked, values, order)]


def _facts(
    connection: sa.Connection, picked: str, values: Mapping[str, Any], order: str
) -> list[tuple[sa.RowMapping, Facts]]:
    statement = sa.text(_ROWS.format(pace=PACE, picked=picked, home=_HOME, ours=OURS_TO_SEND, order=order))
    return [(row, _as_facts(row)) for row in connection.execute(statement, values).mappings()]


def _as_facts(row: sa.RowMapping) -> Facts:
    values = {name: row[name] for name in Facts.__dataclass_fields__}
    return Facts(
        **{
            **values,
            "status": DistributionStatus(row["status"]),
            "account_state": AccountState(row["account_state"]),
            "post_status": PostStatus(row["post_status"]) if row["post_status"] else None,
            "home_status": DistributionStatus(row["home_status"]) if row["home_status"] else None,
        }
    )


def _ledger_row(row: sa.RowMapping, facts: Facts) -> LedgerRow:
    shown = {name: row[name] for name in ("id", "account_key", "canonical_id", "group_id", "at", "status", "title")}
    is_free = facts.status == DistributionStatus.SCHEDULED and not standing.waits_for(facts)
    return LedgerRow(**shown, what=standing.why(facts), next_step=standing.next_step(facts), is_free=is_free)


def _uuid_range(beginning: str) -> dict[str, UUID | None]:
    """The first and the last id that begins so; none where no id can."""
    digits = beginning.replace("-", "").lower()
    if not digits or len(digits) > 32 or not set(digits) <= set("0123456789abcdef"):  # noqa: PLR2004 - a UUID's digits
        return {"low": None, "high": None}
    return {"low": UUID(digits.ljust(32, "0")), "high": UUID(digits.ljust(32, "f"))}
