"""Affiliate products as people keep them: `affiliate_products`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Product:
    """A product of a vertical, which is named by its slug. The name is the product's within its vertical."""

    vertical: str
    name: str
    merchant: str
    affiliate_url: str
    keywords: Sequence[str]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class KeptProduct(Product):
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Saved:
    added: int
    changed: int
    unchanged: int


def save(connection: sa.Connection, products: Sequence[Product]) -> Saved:
    """Add the products, or bring those of the same name up to date, removed ones too; all in one statement.

    Raises:
        sa.exc.IntegrityError: the database refuses one; none of them is kept once the transaction is rolled back.
    """
    rows = connection.execute(
        sa.text("""
            insert into affiliate_products as p (vertical_id, name, merchant, affiliate_url, keywords, priority)
            select v.id, r.name, r.merchant, r.affiliate_url,
                array(select jsonb_array_elements_text(r.keywords)), r.priority
            from jsonb_to_recordset(cast(:products as jsonb)) as r (
                vertical text, name text, merchant text, affiliate_url text, keywords jsonb, priority integer
            )
            join publisher_verticals v on v.slug = r.vertical
            on conflict (vertical_id, name) do update
            set merchant = excluded.merchant, affiliate_url = excluded.affiliate_url, keywords = excluded.keywords,
                priority = excluded.priority, is_active = true
            where (p.merchant, p.affiliate_url, p.keywords, p.priority, p.is_active)
                is distinct from (excluded.merchant, excluded.affiliate_url, excluded.keywords, excluded.priority, true)
            returning p.xmax = 0 as is_new
        """),
        {"products": json.dumps([{**asdict(product), "keywords": list(product.keywords)} for product in products])},
    )
    new = list(rows.scalars())
    return Saved(sum(new), len(new) - sum(new), len(products) - len(new))


def kept(connection: sa.Connection, *, vertical: str | None = None, removed: bool = False) -> list[KeptProduct]:
    """Products in the order in which they win: by vertical, the higher priority first, then by name.

    Args:
        connection: only read.
        vertical: a slug; all verticals where there is none.
        removed: the removed ones as well.
    """
    rows = connection.execute(
        sa.text("""
            select v.slug, p.name, p.merchant, p.affiliate_url, p.keywords, p.priority, p.is_active
            from affiliate_products p join publisher_verticals v on v.id = p.vertical_id
            where (cast(:vertical as text) is null or v.slug = :vertical) and (p.is_active or :removed)
            order by v.slug, p.priority desc, p.name
        """),
        {"vertical": vertical, "removed": removed},
    )
    return [KeptProduct(*row) for row in rows]


def remove(connection: sa.Connection, vertical: str, name: str) -> str | None:
    """No article gets a link to it any more. Its address; None where there is no such product, or it is removed."""
    url: str | None = connection.scalar(
        sa.text("""
            update affiliate_products p set is_active = false
            from publisher_verticals v
            where v.id = p.vertical_id and v.slug = :vertical and p.name = :name and p.is_active
            returning p.affiliate_url
        """),
        {"vertical": vertical, "name": name},
    )
    return url
