"""What an article can link to: its vertical's products and published posts; and which pages link to which."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import affiliate_products

# Where a post is read: its page, or where that will be. A repurposed post has none of its own.
_ADDRESS = """
    coalesce(
        (
            select d.external_url from distributions d join platforms a on a.id = d.platform_id and a.is_home
            where d.post_id = p.id and d.external_url is not null
            order by d.published_at limit 1
        ),
        v.base_url || '/' || p.slug || '/'
    )
"""


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    affiliate_url: str
    keywords: Sequence[str]


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """`opening` is the beginning of its Markdown, as much as was asked for."""

    slug: str
    url: str
    title: str
    target_keyword: str | None
    keywords: Sequence[str]
    excerpt: str | None
    opening: str


@dataclass(frozen=True, slots=True)
class Page:
    """A post as others link to it."""

    canonical_id: str
    vertical_id: UUID
    title: str
    status: str
    url: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a post's vertical has its pages."""

    vertical_id: UUID
    base_url: str


@dataclass(frozen=True, slots=True)
class LinkingPost:
    canonical_id: str
    vertical_id: UUID
    title: str
    content: str


def products(connection: sa.Connection, vertical_id: UUID) -> list[Product]:
    """The vertical's active products: the higher priority first, then by name."""
    p = affiliate_products.c
    rows = connection.execute(
        sa.select(p.name, p.affiliate_url, p.keywords)
        .where(p.vertical_id == vertical_id, p.is_active)
        .order_by(p.priority.desc(), p.name)
    )
    return [Product(name, url, keywords) for name, url, keywords in rows]


def products_version(connection: sa.Connection, vertical_id: UUID) -> tuple[int, int]:
    """What changes whenever one of the vertical's products does: their number, and a sum over their row versions.

    `xmin` is the transaction that wrote a row, so it tells a change that `updated_at` (its transaction's beginning)
    may hide behind another's.
    """
    row = connection.execute(
        sa.text("""
            select count(*), coalesce(bit_xor(hashtextextended(id::text || xmin::text, 0)), 0)
            from affiliate_products where vertical_id = :vertical_id and is_active
        """),
        {"vertical_id": vertical_id},
    ).one()
    return int(row[0]), int(row[1])


def affiliate_addresses(connection: sa.Connection, vertical_id: UUID, among: Collection[str]) -> list[str]:
    """Those of the addresses that lead to a product of the vertical, active or not."""
    p = affiliate_products.c
    return list(
        connection.scalars(
            sa.select(p.affiliate_url)
            .where(p.vertical_id == vertical_id, p.affiliate_url.in_(among))
            .distinct()
            .order_by(p.affiliate_url)
        )
    )


def related_posts(
    connection: sa.Connection,
    vertical_id: UUID,
    phrases: Collection[str],
    *,
    besides: str,
    limit: int,
    opening: int = 0,
) -> list[PublishedPost]:
    """The vertical's published posts with a page of their own that go by one of the phrases.

    A post goes by its target keyword, its keywords and its title. Those with most of the phrases come first, then the
    newest.

    Args:
        connection: only read.
        vertical_id: whose posts.
        phrases: in lower case, as posts have them.
        besides: the canonical id of the post that is to link; it never links to itself.
        limit: how many at most.
        opening: how many characters of each post's content.
    """
    rows = connection.execute(
        sa.text(f"""
            with best as materialized (
                select p.id, p.published_at, count(*) as shared
                from (select distinct unnest(cast(:phrases as text[])) as phrase) as said
                join published_phrases own on own.vertical_id = :vertical_id and own.phrase = said.phrase
                join publisher_posts p on p.id = own.post_id
                where p.canonical_id <> :besides
                group by p.id
                order by shared desc, p.published_at desc, p.id
                limit :limit
            )
            select p.slug, {_ADDRESS} as url, p.title, p.target_keyword, p.keywords, p.excerpt,
                left(p.content, :opening) as opening
            from best join publisher_posts p on p.id = best.id join publisher_verticals v on v.id = p.vertical_id
            order by best.shared desc, best.published_at desc, best.id
        """),  # noqa: S608 - a constant of this module
        {
            "vertical_id": vertical_id,
            "phrases": list(phrases),
            "besides": besides,
            "limit": limit,
            "opening": opening,
        },
    )
    return [PublishedPost(**row._mapping) for row in rows]  # noqa: SLF001 - the way to a row's names


def home_of(connection: sa.Connection, canonical_id: str) -> Home | None:
    """None where there is no such post."""
    row = connection.execute(
        sa.text("""
            select v.id, v.base_url from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
            where p.canonical_id = :canonical_id
        """),
        {"canonical_id": canonical_id},
    ).one_or_none()
    return Home(*row) if row else None


def page(connection: sa.Connection, canonical_id: str) -> Page | None:
    """The post's page, whatever its state; None where it has none of its own."""
    return next(iter(_pages(connection, "p.canonical_id = :canonical_id", canonical_id=canonical_id)), None)


def pages_at(connection: sa.Connection, vertical_id: UUID, slugs: Collection[str]) -> dict[str, Page]:
    """The vertical's posts with these slugs, by slug."""
    rows = connection.execute(
        sa.text(f"""
            select p.slug, p.canonical_id, p.vertical_id, p.title, p.status, {_ADDRESS} as url
            from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
            where p.vertical_id = :vertical_id and p.slug = any(cast(:slugs as text[])) and p.repurposed_from is null
        """),  # noqa: S608 - a constant of this module
        {"vertical_id": vertical_id, "slugs": list(slugs)},
    )
    return {slug: Page(*values) for slug, *values in rows}


def pages_taken_down(connection: sa.Connection) -> list[Page]:
    """Every page that was published once and is not any more."""
    return _pages(connection, "p.status = 'archived' and p.published_at is not null")


def posts_naming(connection: sa.Connection, addresses: Collection[str]) -> list[LinkingPost]:
    """The published posts whose text names one of the addresses, anywhere; the newest first.

    Args:
        connection: only read.
        addresses: absolute, or from the root of a site; without query, fragment and closing slash.
    """
    rows = connection.execute(
        sa.text("""
            select p.canonical_id, p.vertical_id, p.title, p.content from publisher_posts p
            where p.status = 'published' and linked_addresses(p.content) && cast(:addresses as text[])
            order by p.published_at desc, p.id
        """),
        {"addresses": list(addresses)},
    )
    return [LinkingPost(*row) for row in rows]


def _pages(connection: sa.Connection, condition: str, **values: str) -> list[Page]:
    rows = connection.execute(
        sa.text(f"""
            select p.canonical_id, p.vertical_id, p.title, p.status, {_ADDRESS} as url
            from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
            where {condition} and p.repurposed_from is null
            order by p.published_at desc, p.id
        """),  # noqa: S608 - conditions of this module
        values,
    )
    return [Page(*row) for row in rows]
