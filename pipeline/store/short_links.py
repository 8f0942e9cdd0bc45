"""Short links, who followed them, and which distribution a code in a link stands for."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import link_clicks, short_links


class Origin(NamedTuple):
    """What a code stands for."""

    distribution_id: UUID | None
    post_id: UUID | None


def put(connection: sa.Connection, *, code: str, target_url: str, distribution_id: UUID, post_id: UUID) -> None:
    """Keep where a code leads. One that is there leads to the same already; the database refuses anything else."""
    connection.execute(
        sa.text("""
            insert into short_links (code, target_url, distribution_id, post_id)
            values (:code, :target_url, :distribution_id, :post_id)
            on conflict (code) do update set target_url = excluded.target_url
        """),
        {"code": code, "target_url": target_url, "distribution_id": distribution_id, "post_id": post_id},
    )


def target_of(connection: sa.Connection, code: str) -> str | None:
    """Where the code leads; None where there is no such code."""
    target: str | None = connection.scalar(sa.select(short_links.c.target_url).where(short_links.c.code == code))
    return target


def record_click(
    connection: sa.Connection, code: str, *, at: datetime, visitor: str | None, referrer_host: str | None
) -> None:
    """Raises: sqlalchemy.exc.IntegrityError: there is no such code."""
    connection.execute(link_clicks.insert().values(code=code, at=at, visitor=visitor, referrer_host=referrer_host))


def codes_of(connection: sa.Connection, distribution_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """The codes of the distributions' short links, those of versions that were written again included."""
    found: dict[UUID, set[str]] = {}
    rows = connection.execute(
        sa.select(short_links.c.distribution_id, short_links.c.code).where(
            short_links.c.distribution_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
        ),
        {"ids": list(distribution_ids)},
    )
    for distribution_id, code in rows:
        found.setdefault(distribution_id, set()).add(code)
    return found


def distributions_of(connection: sa.Connection, codes: Collection[str]) -> dict[str, Origin]:
    """What each code stands for: a distribution's own (`utm_content`, a sub-id), or a short link's; no other is there.

    Of several variants of one post on one account the one that went out is meant, else the one that was written last.
    """
    rows = connection.execute(
        sa.text("""
            (
                select distinct on (link_code) link_code, id, post_id
                from distributions
                where link_code = any (:codes)
                order by link_code, (status = 'published') desc, created_at desc, id
            )
            union all
            select code, distribution_id, post_id from short_links where code = any (:codes)
        """),
        {"codes": list(codes)},
    )
    return {code: Origin(distribution_id, post_id) for code, distribution_id, post_id in rows}
