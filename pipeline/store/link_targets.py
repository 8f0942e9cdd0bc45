"""What an article can link to: its vertical's products and published posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import affiliate_products


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    affiliate_url: str
    keywords: Sequence[str]


@dataclass(frozen=True, slots=True)
class PublishedPost:
    slug: str
    url: str
    target_keyword: str | None
    keywords: Sequence[str]


def products(connection: sa.Connection, vertical_id: UUID) -> list[Product]:
    """The vertical's active products, by name."""
    p = affiliate_products.c
    rows = connection.execute(
        sa.select(p.name, p.affiliate_url, p.keywords).where(p.vertical_id == vertical_id, p.is_active).order_by(p.name)
    )
    return [Product(**row._mapping) for row in rows]  # noqa: SLF001 - the way to a row's names


def related_posts(
    connection: sa.Connection, vertical_id: UUID, keywords: Sequence[str], *, besides: str, limit: int
) -> list[PublishedPost]:
    """The vertical's published posts that share keywords, those that share most first, then the newest.

    Args:
        connection: only read.
        vertical_id: whose posts.
        keywords: in lower case, as posts have them.
        besides: the canonical id of the post that is to link; it never links to itself.
        limit: how many at most.
    """
    rows = connection.execute(
        sa.text("""
            select p.slug, p.target_keyword, p.keywords,
                coalesce(home.external_url, v.base_url || '/' || p.slug || '/') as url
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            cross join lateral (
                select count(distinct keyword) as shared
                from unnest(p.keywords || p.target_keyword) as keyword
                where keyword = any(cast(:keywords as text[]))
            ) as overlap
            left join lateral (
                select d.external_url from distributions d join platforms a on a.id = d.platform_id and a.is_home
                where d.post_id = p.id and d.status = 'published' and d.external_url is not null
                order by d.published_at limit 1
            ) as home on true
            where p.vertical_id = :vertical_id and p.status = 'published' and p.canonical_id <> :besides
                and overlap.shared > 0
            order by overlap.shared desc, p.published_at desc, p.id
            limit :limit
        """),
        {"vertical_id": vertical_id, "keywords": list(keywords), "besides": besides, "limit": limit},
    )
    return [PublishedPost(**row._mapping) for row in rows]  # noqa: SLF001 - the way to a row's names
