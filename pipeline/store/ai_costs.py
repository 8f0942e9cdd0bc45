"""What calls to a model have cost: of posts, the analyses of their stories' items included, and of a time by whatever
one asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import sqlalchemy as sa

By = Literal["day", "month", "vertical", "task", "model", "post"]


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars and tokens. `cost_usd` sums the calls whose cost is known; None where there is none such.

    Attributes:
        failed: calls without a usable answer, paid for or not.
        unpriced: calls whose cost is not known; a budget counts the most they can have cost.
        saved_by_cache_usd: what tokens from the provider's cache would have cost more without it.
        saved_by_keeping_usd: what answers that were kept would have cost when they were needed again.
    """

    calls: int
    failed: int
    unpriced: int
    cost_usd: Decimal | None
    failed_usd: Decimal
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    saved_by_cache_usd: Decimal
    saved_by_keeping_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """One call as the books have it."""

    at: datetime
    task: str
    model: str
    attempt: int
    outcome: str
    input_tokens: int | None
    cached_input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    latency_ms: int
    error: str | None
    price_list: str | None
    input_usd_per_million: Decimal | None
    cached_input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None


@dataclass(frozen=True, slots=True)
class PublishedCost:
    """The mean of the posts published in a time; `cost_usd` holds every call that was made for them."""

    posts: int
    cost_usd: Decimal


_SUMS: Final = """
    count(*) as calls,
    count(*) filter (where u.outcome <> 'ok') as failed,
    count(*) filter (where u.cost_usd is null and u.most_usd is not null) as unpriced,
    sum(u.cost_usd) as cost_usd,
    coalesce(sum(u.cost_usd) filter (where u.outcome <> 'ok'), 0) as failed_usd,
    coalesce(sum(u.input_tokens), 0) as input_tokens,
    coalesce(sum(u.cached_input_tokens), 0) as cached_input_tokens,
    coalesce(sum(u.output_tokens), 0) as output_tokens,
    coalesce(sum(u.cached_input_tokens * (u.input_usd_per_million - u.cached_input_usd_per_million)) / 1000000, 0)
        as saved_by_cache_usd,
    coalesce(sum(u.cost_usd * a.used_again), 0) as saved_by_keeping_usd
    from ai_usage u
    left join ai_answers a on a.key = u.answer_key
        and u.id = (select min(f.id) from ai_usage f where f.answer_key = u.answer_key)
    left join publisher_verticals v on v.id = u.vertical_id
"""
_GROUPS: Final[Mapping[By, str]] = {
    "day": "to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD')",
    "month": "to_char(u.created_at at time zone 'UTC', 'YYYY-MM')",
    "vertical": "coalesce(v.slug, '')",
    "task": "u.task",
    "model": "u.model",
    "post": "coalesce((select c.canonical_id from post_calls c where c.call_id = u.id), '')",
}
_OF_POSTS: Final = sa.text(f"""
    select whose.canonical_id, {_SUMS} join post_calls whose on whose.call_id = u.id
    where whose.canonical_id = any(:ids) group by whose.canonical_id
""")
_TOTAL: Final = sa.text(f"select {_SUMS} where u.created_at >= :since")
_BY: Final = {
    by: sa.text(f"""
        select {group} as name, {_SUMS} where u.created_at >= :since
        group by 1 order by {"name desc" if by in {"day", "month"} else "cost_usd desc nulls last, name"}
        limit :rows
    """)
    for by, group in _GROUPS.items()
}


def cost_of(connection: sa.Connection, canonical_ids: Sequence[str]) -> dict[str, Cost]:
    """What posts have cost so far, by canonical id; one for which nothing was ever called is missing."""
    rows = connection.execute(_OF_POSTS, {"ids": list(canonical_ids)}).mappings()
    return {row["canonical_id"]: _cost({**row}) for row in rows}


def total(connection: sa.Connection, since: datetime) -> Cost:
    return _cost({**connection.execute(_TOTAL, {"since": since}).mappings().one()})


def costs_by(connection: sa.Connection, by: By, since: datetime, *, rows: int) -> list[tuple[str, Cost]]:
    """The newest first by time, otherwise the dearest first. '' is what belongs to no vertical or post."""
    found = connection.execute(_BY[by], {"since": since, "rows": rows}).mappings()
    return [(row["name"], _cost({**row})) for row in found]


def bills_of(connection: sa.Connection, canonical_id: str) -> list[Bill]:
    """Every call that was made for a post, the first one first."""
    rows = connection.execute(
        sa.text("""
            select u.created_at as at, u.task, u.model, u.attempt, u.outcome, u.input_tokens, u.cached_input_tokens,
                u.output_tokens, u.cost_usd, u.latency_ms, u.error, u.price_list, u.input_usd_per_million,
                u.cached_input_usd_per_million, u.output_usd_per_million
            from ai_usage u join post_calls c on c.call_id = u.id
            where c.canonical_id = :id order by u.id
        """),
        {"id": canonical_id},
    ).mappings()
    return [Bill(**row) for row in rows]


def published_since(connection: sa.Connection, since: datetime) -> PublishedCost:
    """Posts published since then, and what was ever paid for them."""
    row = connection.execute(
        sa.text("""
            select count(*) as posts, coalesce(sum(bill.cost_usd), 0) as cost_usd
            from publisher_posts p
            left join lateral (
                select sum(u.cost_usd) as cost_usd from post_calls c join ai_usage u on u.id = c.call_id
                where c.canonical_id = p.canonical_id
            ) bill on true
            where p.status = 'published' and p.published_at >= :since
        """),
        {"since": since},
    ).one()
    return PublishedCost(row.posts, row.cost_usd)


def _cost(row: dict[str, object]) -> Cost:
    return Cost(**{name: row[name] for name in Cost.__slots__})  # type: ignore[arg-type]
