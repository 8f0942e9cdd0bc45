"""The items that were taken in, and how each stands among its account's."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

_FEWEST_FOR_A_PERCENTILE: Final = 5

# One round trip a batch, whatever its size. A row whose hash is the same is neither written nor stamped.
# `xmax` is 0 only for a row that this very statement inserted.
_UPSERT: Final = sa.text("""
    insert into raw_content as r (
        source_id, external_id, account, title, caption, description, url, author, language, media_urls, posted_at,
        reach, engagements, likes, comments, shares, engagement_rate, content_hash, raw
    )
    select cast(:source_id as uuid), external_id, account, title, caption, description, url, author, language,
        media_urls, posted_at, reach, engagements, likes, comments, shares, engagement_rate, content_hash, raw
    from jsonb_to_recordset(:items) as item (
        external_id text, account text, title text, caption text, description text, url text, author text,
        language text, media_urls text[], posted_at timestamptz, reach bigint, engagements bigint, likes bigint,
        comments bigint, shares bigint, engagement_rate numeric, content_hash text, raw jsonb
    )
    on conflict (source_id, external_id) do update
    set reach = excluded.reach,
        engagements = excluded.engagements,
        likes = excluded.likes,
        comments = excluded.comments,
        shares = excluded.shares,
        engagement_rate = excluded.engagement_rate,
        content_hash = excluded.content_hash,
        raw = excluded.raw,
        account = case when r.canonical_id is null then excluded.account else r.account end,
        title = case when r.canonical_id is null then excluded.title else r.title end,
        caption = case when r.canonical_id is null then excluded.caption else r.caption end,
        description = case when r.canonical_id is null then excluded.description else r.description end,
        url = case when r.canonical_id is null then excluded.url else r.url end,
        author = case when r.canonical_id is null then excluded.author else r.author end,
        language = case when r.canonical_id is null then excluded.language else r.language end,
        media_urls = case when r.canonical_id is null then excluded.media_urls else r.media_urls end,
        posted_at = case when r.canonical_id is null then excluded.posted_at else r.posted_at end
    where r.content_hash <> excluded.content_hash
    returning r.xmax = 0 as is_new
""").bindparams(sa.bindparam("items", type_=JSONB))

# The rows stay locked, so that none is claimed as a story between this and the update of its text.
_FORGET_ANALYSES: Final = sa.text("""
    with rewritten as (
        select r.id
        from raw_content r
        join jsonb_to_recordset(:items) as item (
            external_id text, content_hash text, title text, caption text, description text
        ) on r.source_id = :source_id and r.external_id = item.external_id
        where r.canonical_id is null and r.content_hash <> item.content_hash
            and (r.title, r.caption, r.description) is distinct from (item.title, item.caption, item.description)
        for update of r
    )
    delete from content_analysis a using rewritten where a.content_id = rewritten.id
""").bindparams(sa.bindparam("items", type_=JSONB))


def upsert(connection: sa.Connection, source_id: UUID, items: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Add items, each a mapping of column to JSON value, and bring known ones up to date; (new, changed).

    Figures are always brought up to date. Texts only until the item is claimed as a story: an article must not stand
    on words that changed under it. The analysis of an item whose text did change is dropped, to be made again.
    No two items may have the same `external_id`.
    """
    parameters = {"source_id": source_id, "items": list(items)}
    connection.execute(_FORGET_ANALYSES, parameters)
    written = connection.scalars(_UPSERT, parameters).all()
    new = sum(written)
    return new, len(written) - new


def refresh_percentiles(connection: sa.Connection, source_id: UUID) -> int:
    """Rank each item among its account's in this source; returns how many rows changed.

    An item's percentile is the share, in thousandths, of the account's items with known engagements that have no more
    than it: 1 for the best, ties alike. Items without an account count as one account's. It is unknown where the
    item's engagements are, or where fewer than five of the account's are known: the only one would be the best.
    """
    result = connection.execute(
        sa.text("""
            with ranked as (
                select id, case when engagements is not null and count(engagements) over account >= :fewest
                    then round(cast(cume_dist() over best_last as numeric), 3) end as percentile
                from raw_content
                where source_id = :source_id
                window account as (partition by account, engagements is null),
                    best_last as (partition by account, engagements is null order by engagements)
            )
            update raw_content r set engagement_percentile = ranked.percentile
            from ranked
            where r.id = ranked.id and r.engagement_percentile is distinct from ranked.percentile
        """),
        {"source_id": source_id, "fewest": _FEWEST_FOR_A_PERCENTILE},
    )
    return result.rowcount
