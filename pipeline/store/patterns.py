"""Patterns and what came of following them: one row of `pattern_feedback` for each pattern and publication."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

# Whether it was followed is asked once, when it is first fed: a pattern that was learned anew since may have changed
# just by how this publication did.
_PAIRS = sa.text("""
    select pattern.id as pattern_id, pattern.pattern_type, pattern.pattern_name, pattern.pattern_template,
        p.account_key, p.timezone, d.id as distribution_id, d.title, d.body, d.media_urls, d.link_url, d.published_at
    from distributions d
    join platforms p on p.id = d.platform_id
    join platform_patterns pattern on pattern.platform_id = d.platform_id
    where d.id = any(:ids)
        and d.status = 'published'
        and not exists (
            select from pattern_feedback f where f.pattern_id = pattern.id and f.distribution_id = d.id
        )
    order by pattern.id, d.id
""")
_ADD = sa.text("""
    insert into pattern_feedback (
        pattern_id, content_id, distribution_id, pattern_applied, posted_at, day_of_week, hour_of_day
    )
    select new.pattern_id, d.content_id, d.id, new.applied, d.published_at,
        extract(dow from d.published_at at time zone p.timezone),
        extract(hour from d.published_at at time zone p.timezone)
    from unnest(cast(:pattern_ids as uuid[]), cast(:distribution_ids as uuid[]), cast(:applied as boolean[]))
        as new (pattern_id, distribution_id, applied)
    join distributions d on d.id = new.distribution_id
    join platforms p on p.id = d.platform_id
    order by new.pattern_id, d.id
    on conflict (pattern_id, distribution_id) do nothing
""")
_FIGURES = sa.text("""
    update pattern_feedback f
    set impressions = d.impressions, engagements = d.engagements, clicks = d.clicks, shares = d.shares,
        engagement_rate = d.engagement_rate
    from distributions d
    where d.id = any(:ids)
        and f.distribution_id = d.id
        and (f.impressions, f.engagements, f.clicks, f.shares, f.engagement_rate)
            is distinct from (d.impressions, d.engagements, d.clicks, d.shares, d.engagement_rate)
""")


@dataclass(frozen=True, slots=True)
class Pair:
    """A pattern of an account, and a publication of that account which has no feedback on it yet."""

    pattern_id: UUID
    pattern_type: str
    pattern_name: str
    template: Any
    account_key: str
    timezone: str
    distribution_id: UUID
    title: str | None
    body: str
    media_urls: Sequence[str]
    link_url: str | None
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether a publication followed a pattern."""

    pattern_id: UUID
    distribution_id: UUID
    applied: bool


def without_feedback(connection: sa.Connection, distribution_ids: Collection[UUID]) -> list[Pair]:
    """The pairs that the publications among these make with their accounts' patterns and that are not there yet."""
    rows = connection.execute(_PAIRS, {"ids": list(distribution_ids)})
    return [
        Pair(
            pattern_id=row.pattern_id,
            pattern_type=row.pattern_type,
            pattern_name=row.pattern_name,
            template=row.pattern_template,
            account_key=row.account_key,
            timezone=row.timezone,
            distribution_id=row.distribution_id,
            title=row.title,
            body=row.body,
            media_urls=row.media_urls,
            link_url=row.link_url,
            published_at=row.published_at,
        )
        for row in rows
    ]


def add_feedback(connection: sa.Connection, found: Sequence[Applied]) -> int:
    """A row for each pair that has none; returns how many there were. The figures come by `bring_up_to_date`."""
    if not found:
        return 0
    return connection.execute(
        _ADD,
        {
            "pattern_ids": [each.pattern_id for each in found],
            "distribution_ids": [each.distribution_id for each in found],
            "applied": [each.applied for each in found],
        },
    ).rowcount


def bring_up_to_date(connection: sa.Connection, distribution_ids: Collection[UUID]) -> int:
    """Give all feedback on these the figures that the distributions have, unknown ones as NULL and zeros as zeros;
    returns how many rows that changed.
    """
    return connection.execute(_FIGURES, {"ids": list(distribution_ids)}).rowcount
