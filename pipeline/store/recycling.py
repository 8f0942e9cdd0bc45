"""By which rules evergreen articles are told again, and where each stands with each account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import publisher_posts, recycling_accounts, recycling_refusals, recycling_rules


@dataclass(frozen=True, slots=True)
class Limits:
    """`gap` lies between two posts of one account that tell the same article; `most_per_week` are recycled posts of one
    account, whatever they tell, in any seven days; `most_times` is how often one account tells an article again.
    """

    min_age: timedelta
    gap: timedelta
    most_per_week: int
    most_times: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`accounts` are keys; none are all that can. `rests`: its vertical is paused, or not active."""

    vertical_id: UUID
    vertical: str
    limits: Limits
    accounts: Sequence[str]
    rests: bool


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    key: str
    platform: str


@dataclass(frozen=True, slots=True)
class Pair:
    """An article, an account, and what was told of the one on the other.

    `times` counts what was told again, without what was turned down. `last_at` is when the account last told it, or
    will, or somebody last turned a telling down; None where neither was ever so. `waiting` is the id of what tells it
    again and is not out yet. `refused_at` is when nothing new could be made of it, with the reason. `expires_at` is the
    article's; one that is evergreen has none.
    """

    article_id: UUID
    canonical_id: str
    title: str
    vertical_id: UUID
    account: Account
    published_at: datetime
    is_evergreen: bool
    expires_at: datetime | None
    times: int
    last_at: datetime | None
    waiting: str | None
    refused_at: datetime | None
    refusal: str | None


_RULES = """
    select r.vertical_id, v.slug as vertical, r.min_age_days, r.gap_days, r.most_per_week, r.most_times,
        array(
            select a.account_key::text from recycling_accounts chosen join platforms a on a.id = chosen.platform_id
            where chosen.vertical_id = r.vertical_id order by a.account_key
        ) as accounts,
        not v.is_active or v.paused_at is not null as rests
    from recycling_rules r join publisher_verticals v on v.id = r.vertical_id
    order by v.slug
"""


def rules(connection: sa.Connection) -> list[Rule]:
    """By the verticals' slugs."""
    return [
        Rule(
            row.vertical_id,
            row.vertical,
            Limits(timedelta(row.min_age_days), timedelta(row.gap_days), row.most_per_week, row.most_times),
            row.accounts,
            row.rests,
        )
        for row in connection.execute(sa.text(_RULES))
    ]


def set_rule(
    connection: sa.Connection, vertical_id: UUID, limits: Limits, account_ids: Collection[UUID] | None
) -> None:
    """Write the vertical's rule, in place of the one it has. `account_ids`: None leaves them as they are."""
    values = {
        "min_age_days": limits.min_age.days,
        "gap_days": limits.gap.days,
        "most_per_week": limits.most_per_week,
        "most_times": limits.most_times,
    }
    statement = insert(recycling_rules).values(vertical_id=vertical_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["vertical_id"], set_=values))
    if account_ids is None:
        return
    connection.execute(recycling_accounts.delete().where(recycling_accounts.c.vertical_id == vertical_id))
    if account_ids:
        chosen = [{"vertical_id": vertical_id, "platform_id": each} for each in sorted(set(account_ids))]
        connection.execute(recycling_accounts.insert(), chosen)


def remove_rule(connection: sa.Connection, vertical_id: UUID) -> bool:
    """False where the vertical has none."""
    return bool(
        connection.execute(recycling_rules.delete().where(recycling_rules.c.vertical_id == vertical_id)).rowcount
    )


def accounts(connection: sa.Connection, vertical_id: UUID, platforms: Collection[str]) -> list[Account]:
    """The vertical's active accounts on those platforms, by key."""
    rows = connection.execute(
        sa.text("""
            select id, account_key as key, name as platform from platforms
            where state = 'active' and not is_home and name = any (:platforms)
                and (vertical_id is null or vertical_id = :vertical_id)
            order by account_key
        """),
        {"vertical_id": vertical_id, "platforms": list(platforms)},
    )
    return [Account(*row) for row in rows]


# What was told of each article on each account is looked up pair by pair, by indexes; a join may be planned as a scan.
_PAIRS = """
    select p.id as article_id, p.canonical_id, p.title, p.vertical_id, a.id, a.account_key, a.name, p.published_at,
        p.is_evergreen, p.expires_at, again.times, again.waiting,
        greatest(told.last_at, again.turned_down_at) as last_at, refused.at as refused_at, refused.reason as refusal
    from publisher_posts p
    cross join unnest(cast(:accounts as uuid[])) as given (id)
    join platforms a on a.id = given.id
    cross join lateral (
        select max(coalesce(d.published_at, d.scheduled_for, d.created_at)) as last_at
        from (
            select p.id
            union all
            select telling.id from publisher_posts telling where telling.repurposed_from = p.id
        ) as those
        join distributions d on d.post_id = those.id and d.platform_id = a.id and d.status <> 'cancelled'
    ) as told
    cross join lateral (
        select count(*) filter (where t.status <> 'archived' or t.published_at is not null) as times,
            max(t.reviewed_at) filter (where t.status = 'archived' and t.published_at is null) as turned_down_at,
            max(t.canonical_id) filter (where t.status in ('draft', 'review', 'scheduled')) as waiting
        from publisher_posts t
        where t.repurposed_as = 'again' and t.account_id = a.id and t.repurposed_from = p.id
    ) as again
    left join recycling_refusals refused on refused.post_id = p.id and refused.platform_id = a.id
    where p.status = 'published' and p.repurposed_from is null
        and exists (select from homes_of(p.id) home where home.status = 'published' and home.external_url is not null)
"""


def evergreen_pairs(connection: sa.Connection, vertical_id: UUID, account_ids: Collection[UUID]) -> list[Pair]:
    """Each evergreen article of the vertical that is live on its page, with each of the accounts.

    First what was never refused, or longest ago, then what was told least often, then what was silent for longest: so
    all have their turn, however many yield nothing.
    """
    query = f"""{_PAIRS} and p.is_evergreen and p.vertical_id = :vertical_id
        order by refused_at nulls first, times, last_at nulls first, p.published_at, p.canonical_id, a.account_key
    """
    return _pairs(connection, query, vertical_id=vertical_id, accounts=list(account_ids))


def pair(connection: sa.Connection, article_id: UUID, account_id: UUID) -> Pair | None:
    """None where the article is not live on a page."""
    found = _pairs(connection, f"{_PAIRS} and p.id = :article_id", article_id=article_id, accounts=[account_id])
    return found[0] if found else None


def _pairs(connection: sa.Connection, query: str, **given: object) -> list[Pair]:
    return [
        Pair(
            article_id=row.article_id,
            canonical_id=row.canonical_id,
            title=row.title,
            vertical_id=row.vertical_id,
            account=Account(row.id, row.account_key, row.name),
            published_at=row.published_at,
            is_evergreen=row.is_evergreen,
            expires_at=row.expires_at,
            times=row.times,
            last_at=row.last_at,
            waiting=row.waiting,
            refused_at=row.refused_at,
            refusal=row.refusal,
        )
        for row in connection.execute(sa.text(query), given)
    ]


def lately(connection: sa.Connection, account_id: UUID, since: datetime) -> int:
    """How many recycled posts of the account came out after `since`, or are not out yet."""
    return int(
        connection.scalar(
            sa.text("""
                select count(*) from publisher_posts
                where repurposed_as = 'again' and account_id = :account
                    and (status in ('draft', 'review', 'scheduled') or published_at > :since)
            """),
            {"account": account_id, "since": since},
        )
        or 0
    )


def lock_account(connection: sa.Connection, account_id: UUID) -> None:
    """Until the transaction ends nobody else recycles on the account; whatever else it does goes on."""
    connection.execute(
        sa.text("select pg_advisory_xact_lock(hashtextextended('recycling ' || :account, 0))"),
        {"account": str(account_id)},
    )


def tellings(connection: sa.Connection, article_id: UUID) -> int:
    """How many posts ever told the article again, on any account."""
    p = publisher_posts.c
    found = sa.select(sa.func.count()).where(p.repurposed_from == article_id, p.repurposed_as == "again")
    return int(connection.scalar(found) or 0)


def unplanned(connection: sa.Connection) -> list[str]:
    """Recycled posts that have no version, because who made them stopped half-way; the oldest first."""
    return list(
        connection.scalars(
            sa.text("""
                select p.canonical_id from publisher_posts p
                where p.repurposed_as = 'again' and p.status = 'draft'
                    and not exists (select from distributions d where d.post_id = p.id)
                order by p.created_at, p.canonical_id
            """)
        )
    )


def keep_refusal(connection: sa.Connection, article_id: UUID, account_id: UUID, reason: str) -> None:
    """Nothing new could be made of the article for the account, just now."""
    values = {"reason": reason, "at": sa.func.now()}
    statement = insert(recycling_refusals).values(post_id=article_id, platform_id=account_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["post_id", "platform_id"], set_=values))
