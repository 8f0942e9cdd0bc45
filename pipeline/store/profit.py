"""What one post cost and brought in, traced from its source to its publications, and what the channels did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa

_ORIGIN: Final = sa.text("""
    select p.id, p.canonical_id, p.title, p.status, v.name as vertical, p.published_at,
        coalesce(source.name, '') as source, item.title as source_title, item.url as source_url,
        (
            select count(*) from stories s join story_items i on i.story_id = s.id
            where s.canonical_id = p.canonical_id
        ) as story_items,
        original.canonical_id as retells, analysis.extracted_facts -> 'brief' ->> 'topic' as topic,
        analysis.extracted_facts -> 'brief' ->> 'target_keyword' as target_keyword, analysis.model as analysed_by,
        draft.model as written_by, draft.word_count, r.full_name as reviewed_by, p.reviewed_at
    from publisher_posts p
    join publisher_verticals v on v.id = p.vertical_id
    left join publisher_posts original on original.id = p.repurposed_from
    left join raw_content item on item.id = p.source_content_id
    left join content_sources source on source.id = item.source_id
    left join content_analysis analysis on analysis.content_id = item.id
    left join generated_content draft on draft.id = p.generated_content_id
    left join users r on r.id = p.reviewed_by
    where p.canonical_id = :canonical_id
""")
_COSTS: Final = sa.text("""
    select kind, count(*) as entries, count(*) filter (where usd is null) as unknown, sum(usd) as usd
    from post_costs where post_id = :post_id group by kind order by kind
""")
_PUBLICATIONS: Final = sa.text("""
    select d.id, a.account_key, d.published_at, d.external_url, d.impressions, d.clicks as platform_clicks,
        (
            select count(*) from short_links l join link_clicks k on k.code = l.code where l.distribution_id = d.id
        ) as link_clicks,
        (select count(*) from page_views w where w.distribution_id = d.id) as visits,
        coalesce(sum(m.conversions), 0) as conversions,
        case when coalesce(sum(m.unvalued), 0) = 0 then coalesce(sum(m.usd), 0) else sum(m.usd) end as usd,
        coalesce(sum(m.unvalued), 0) as unvalued
    from distributions d
    join platforms a on a.id = d.platform_id
    left join attributed_months m on m.distribution_id = d.id and m.model = :model
    where d.post_id = :post_id and d.status = 'published'
    group by d.id, a.account_key
    order by d.published_at, a.account_key
""")
_EARNED: Final = sa.text("""
    select channel, sum(conversions) as conversions, sum(pending) as pending, sum(unvalued) as unvalued,
        sum(usd) as usd, sum(pending_usd) as pending_usd
    from attributed_months where post_id = :post_id and model = :model
    group by channel order by usd desc nulls last, conversions desc, channel
""")
_CHANNELS: Final = sa.text("""
    select model, channel, sum(conversions) as conversions, sum(pending) as pending, sum(unvalued) as unvalued,
        sum(usd) as usd, sum(pending_usd) as pending_usd
    from attributed_months where month >= :since group by model, channel
""")


@dataclass(frozen=True, slots=True)
class Origin:
    """A post and what it was made from; None where there was nothing of the kind, or it is not known."""

    id: UUID
    canonical_id: str
    title: str
    status: str
    vertical: str
    published_at: datetime | None
    source: str
    source_title: str | None
    source_url: str | None
    story_items: int
    retells: str | None
    topic: str | None
    target_keyword: str | None
    analysed_by: str | None
    written_by: str | None
    word_count: int | None
    reviewed_by: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CostLine:
    """Dollars by kind; `usd` sums the entries that are known, None where none is; `unknown` counts the others."""

    kind: str
    entries: int
    unknown: int
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication of the post, and what it is credited with. `impressions` and `platform_clicks` are the platform's
    own; None is unknown. `usd` is None where conversions should have brought money and no sum is known.
    """

    id: UUID
    account_key: str
    published_at: datetime
    external_url: str | None
    impressions: int | None
    platform_clicks: int | None
    link_clicks: int
    visits: int
    conversions: Decimal
    usd: Decimal | None
    unvalued: Decimal


@dataclass(frozen=True, slots=True)
class Earned:
    """What a channel is credited with: conversions that are confirmed, those `pending`, of the confirmed the
    `unvalued`, and dollars; None where no sum is known.
    """

    channel: str
    conversions: Decimal
    pending: Decimal
    unvalued: Decimal
    usd: Decimal | None
    pending_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Trace:
    """From source to profit, by one model."""

    origin: Origin
    costs: Sequence[CostLine]
    publications: Sequence[Publication]
    earned: Sequence[Earned]

    @property
    def revenue_usd(self) -> Decimal:
        """What is known of it."""
        return sum((each.usd for each in self.earned if each.usd is not None), Decimal(0))

    @property
    def cost_usd(self) -> Decimal:
        """What is known of it."""
        return sum((line.usd for line in self.costs if line.usd is not None), Decimal(0))

    @property
    def unvalued(self) -> Decimal:
        return sum((each.unvalued for each in self.earned), Decimal(0))

    @property
    def unknown_costs(self) -> int:
        return sum(line.unknown for line in self.costs)

    @property
    def profit_usd(self) -> Decimal | None:
        """None while anything of it is unknown."""
        return None if self.unvalued or self.unknown_costs else self.revenue_usd - self.cost_usd


def trace(connection: sa.Connection, canonical_id: str, model: str) -> Trace:
    """The post must be there."""
    origin = Origin(*connection.execute(_ORIGIN, {"canonical_id": canonical_id}).one())
    values = {"post_id": origin.id, "model": model}
    return Trace(
        origin,
        [CostLine(*row) for row in connection.execute(_COSTS, {"post_id": origin.id})],
        [Publication(*row) for row in connection.execute(_PUBLICATIONS, values)],
        [Earned(*row) for row in connection.execute(_EARNED, values)],
    )


def channels(connection: sa.Connection, since: date) -> dict[str, list[Earned]]:
    """What each model credits the channels with, of the conversions of that month and those after it."""
    found: dict[str, list[Earned]] = {}
    for model, *row in connection.execute(_CHANNELS, {"since": since.replace(day=1)}):
        found.setdefault(model, []).append(Earned(*row))
    return found
