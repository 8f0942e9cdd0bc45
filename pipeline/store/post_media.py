"""The files of posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import post_media


@dataclass(frozen=True, slots=True)
class HomeSite:
    """The folder and the address of a site of ours, as its account has them."""

    folder: str
    base_url: str


def home_site(connection: sa.Connection, vertical_id: UUID) -> HomeSite | None:
    """The site that is the vertical's home; None where its home is another platform or there is none."""
    row = connection.execute(
        sa.text("""
            select publish_config ->> 'folder' as folder, publish_config ->> 'base_url' as base_url
            from platforms
            where is_home and name = 'site' and coalesce(vertical_id, :vertical_id) = :vertical_id
            order by vertical_id nulls last
            limit 1
        """),
        {"vertical_id": vertical_id},
    ).one_or_none()
    return None if row is None else HomeSite(row.folder, row.base_url.rstrip("/"))


def add(connection: sa.Connection, post_id: UUID, media: Mapping[str, Any]) -> None:
    """Behind the post's others; of a file that is there already, its alternative text. Needs the post's lock."""
    after = sa.select(sa.func.coalesce(sa.func.max(post_media.c.position) + 1, 0)).where(
        post_media.c.post_id == post_id
    )
    statement = insert(post_media).values(post_id=post_id, position=after.scalar_subquery(), **media)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["post_id", "sha256"], set_={"alt_text": statement.excluded.alt_text}
        )
    )


def remove(connection: sa.Connection, post_id: UUID, url: str) -> bool:
    """Whether it was there."""
    statement = post_media.delete().where(post_media.c.post_id == post_id, post_media.c.url == url)
    return connection.execute(statement).rowcount > 0
