"""Conversions: what readers who came by a link did elsewhere, as shops and networks tell of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.store.short_links import Origin, distributions_of
from pipeline.vocabulary import ConversionStatus

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class ToldConversion:
    """What a source says of one conversion, as of `told_at`. None: it does not say.

    `value` is in `currency`, both or neither. `post_id` is of the source's own word; else the code, or `utm_content`,
    tells the post.
    """

    source: str
    external_id: str
    occurred_at: datetime
    told_at: datetime
    kind: str
    value: Decimal | None = None
    currency: str | None = None
    visitor: str | None = None
    click_code: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    post_id: UUID | None = None
    status: ConversionStatus = ConversionStatus.CONFIRMED
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many conversions were new, changed one that was there, or said nothing new.

    `unresolved` came with a code that is no distribution's; `unpriced` are those of a value whose currency has no rate,
    by currency.
    """

    added: int
    changed: int
    unchanged: int
    unresolved: int
    unpriced: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """`usd` is None where the value or its currency's rate is unknown."""

    source: str
    external_id: str
    occurred_at: datetime
    kind: str
    value: Decimal | None
    currency: str | None
    usd: Decimal | None
    status: ConversionStatus
    canonical_id: str | None
    account_key: str | None


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """One source's conversions of a time; `usd` sums those that are confirmed and whose dollars are known."""

    source: str
    conversions: int
    pending: int
    reversed: int
    usd: Decimal | None
    unpriced: int


_LATER = "excluded.told_at >= known.told_at"


def _later(column: str) -> str:
    """What the later word says."""
    return f"case when {_LATER} then excluded.{column} else known.{column} end"


def _known(column: str) -> str:
    """What the later word says or, where it says nothing, the earlier."""
    return f"""case when {_LATER} then coalesce(excluded.{column}, known.{column})
            else coalesce(known.{column}, excluded.{column}) end"""


_TRACES = ("visitor", "click_code", "post_id", "utm_source", "utm_medium", "utm_campaign", "utm_content")

# A network's report knows no visitor, a refund no amount: told again with less, a conversion keeps what was known.
_KEEP = sa.text(f"""
    insert into conversions as known (
        source, external_id, occurred_at, told_at, kind, value, currency, usd, visitor, click_code, distribution_id,
        post_id, utm_source, utm_medium, utm_campaign, utm_content, status, detail
    )
    select source, external_id, occurred_at, told_at, kind, value, currency, in_usd(value, currency, occurred_at),
        visitor, click_code, distribution_id, post_id, utm_source, utm_medium, utm_campaign, utm_content, status, detail
    from jsonb_to_recordset(:rows) as told (
        source text, external_id text, occurred_at timestamptz, told_at timestamptz, kind text, value numeric,
        currency text, visitor text, click_code text, distribution_id uuid, post_id uuid, utm_source text,
        utm_medium text, utm_campaign text, utm_content text, status text, detail jsonb
    )
    order by source, external_id
    on conflict (source, external_id) do update set
        told_at = greatest(excluded.told_at, known.told_at),
        occurred_at = {_later("occurred_at")},
        kind = {_later("kind")},
        status = {_later("status")},
        value = {_known("value")},
        currency = {_known("currency")},
        usd = in_usd({_known("value")}, {_known("currency")}, {_later("occurred_at")}),
        distribution_id = case
            when ({_LATER} and excluded.post_id is not null) or known.post_id is null then excluded.distribution_id
            else known.distribution_id
        end,
        {", ".join(f"{column} = {_known(column)}" for column in _TRACES)},
        detail = case when {_LATER} then known.detail || excluded.detail else excluded.detail || known.detail end
    returning known.xmax = 0 as is_new, known.updated_at >= statement_timestamp() as is_changed
""").bindparams(  # noqa: S608 - our own text
    sa.bindparam("rows", type_=JSONB)
)


def keep(connection: sa.Connection, told: Sequence[ToldConversion]) -> Kept:
    """Keep what is told, each conversion once: the later word counts, whichever comes first, and for what it leaves out
    the earlier.

    Raises:
        sqlalchemy.exc.DBAPIError: a field is not as the table wants it.
    """
    origins = distributions_of(connection, {code for each in told if (code := _code(each))})
    new = changed = 0
    for batch in _batches(told):
        rows = [_document(each, origins) for each in batch]
        for outcome in connection.execute(_KEEP, {"rows": rows}):
            new += outcome.is_new
            changed += outcome.is_changed and not outcome.is_new
    return Kept(
        added=new,
        changed=changed,
        unchanged=len(told) - new - changed,
        unresolved=sum(1 for each in told if (code := _code(each)) and code not in origins),
        unpriced=_unpriced(connection, {(each.source, each.external_id) for each in told}),
    )


def _code(told: ToldConversion) -> str | None:
    return told.click_code or told.utm_content


def _document(told: ToldConversion, origins: Mapping[str, Origin]) -> dict[str, Any]:
    """The row as JSON; numbers as text, so that no digit is lost on the way."""
    origin = origins.get(_code(told) or "", Origin(None, None))
    if told.post_id is not None and told.post_id != origin.post_id:
        origin = Origin(None, told.post_id)
    # `asdict` would copy every date and number: ten times as long as the rest.
    document = {name: getattr(told, name) for name in ToldConversion.__dataclass_fields__}
    return {
        **document,
        "occurred_at": told.occurred_at.isoformat(),
        "told_at": told.told_at.isoformat(),
        "value": None if told.value is None else str(told.value),
        "distribution_id": None if origin.distribution_id is None else str(origin.distribution_id),
        "post_id": None if origin.post_id is None else str(origin.post_id),
    }


def _batches(told: Sequence[ToldConversion]) -> Iterator[Sequence[ToldConversion]]:
    """In no batch is a conversion told of twice: a statement can't change a row that it has just written."""
    rounds: dict[int, list[ToldConversion]] = {}
    tellings: Counter[tuple[str, str]] = Counter()
    for each in told:
        key = (each.source, each.external_id)
        rounds.setdefault(tellings[key], []).append(each)
        tellings[key] += 1
    for of_one in rounds.values():
        yield from (of_one[start : start + _AT_ONCE] for start in range(0, len(of_one), _AT_ONCE))


def _unpriced(connection: sa.Connection, keys: Collection[tuple[str, str]]) -> dict[str, int]:
    """How many of these have a value and no dollars, by currency."""
    rows = connection.execute(
        sa.text("""
            select c.currency, count(*) as conversions
            from unnest(cast(:sources as text[]), cast(:ids as text[])) as told (source, external_id)
            join conversions c using (source, external_id)
            where c.value is not null and c.usd is null
            group by c.currency order by c.currency
        """),
        {"sources": [source for source, _ in keys], "ids": [id_ for _, id_ in keys]},
    )
    return {row.currency: row.conversions for row in rows}


def latest(
    connection: sa.Connection, *, since: datetime, source: str | None, post_id: UUID | None, rows: int
) -> list[ConversionRow]:
    """The conversions since then, the newest first; of one source or post where it is named."""
    found = connection.execute(
        sa.text("""
            select c.source, c.external_id, c.occurred_at, c.kind, c.value, c.currency, c.usd, c.status,
                p.canonical_id, a.account_key
            from conversions c
            left join publisher_posts p on p.id = c.post_id
            left join distributions d on d.id = c.distribution_id
            left join platforms a on a.id = d.platform_id
            where c.occurred_at >= :since
                and (cast(:source as text) is null or c.source = :source)
                and (cast(:post_id as uuid) is null or c.post_id = :post_id)
            order by c.occurred_at desc, c.source, c.external_id
            limit :rows
        """),
        {"since": since, "source": source, "post_id": post_id, "rows": rows},
    )
    return [ConversionRow(**{**row, "status": ConversionStatus(row["status"])}) for row in found.mappings()]


def totals(connection: sa.Connection, since: datetime) -> list[SourceTotal]:
    """By source, in the order of their names."""
    found = connection.execute(
        sa.text("""
            select source,
                count(*) filter (where status = 'confirmed') as conversions,
                count(*) filter (where status = 'pending') as pending,
                count(*) filter (where status = 'reversed') as reversed,
                sum(usd) filter (where status = 'confirmed') as usd,
                count(*) filter (where status = 'confirmed' and value is not null and usd is null) as unpriced
            from conversions where occurred_at >= :since
            group by source order by source
        """),
        {"since": since},
    )
    return [SourceTotal(**row) for row in found.mappings()]


def resolve_posts(connection: sa.Connection, canonical_ids: Collection[str]) -> dict[str, UUID]:
    """The posts' ids, by what people call them; one that is not there is left out."""
    rows = connection.execute(
        sa.text("select canonical_id, id from publisher_posts where canonical_id = any (:ids)"),
        {"ids": list(canonical_ids)},
    )
    return {row.canonical_id: row.id for row in rows}
