"""Pages that editors chose: kept as items of a source that is never read again, one a vertical."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.vocabulary import SourceKind


def post_of_page(connection: sa.Connection, vertical_slug: str, url: str) -> str | None:
    """The canonical id of the vertical's post about the page, by its address or the one that somebody named it by."""
    found: str | None = connection.scalar(
        sa.text("""
            select r.canonical_id
            from raw_content r join content_sources s on s.id = r.source_id
            where s.name = :source and (r.external_id = :url or r.raw ->> 'named' = :url)
            order by r.external_id = :url desc, r.created_at
            limit 1
        """),
        {"source": _source_name(vertical_slug), "url": url},
    )
    return found


def keep_page(connection: sa.Connection, vertical_id: UUID, vertical_slug: str, page: Mapping[str, Any]) -> UUID:
    """Store the page as an item that its post has claimed; returns its id.

    `page` has the columns of `raw_content`, `canonical_id` among them.
    """
    # Two statements: one alone would not see a row that another transaction has just added.
    connection.execute(
        sa.text("""
            insert into content_sources (name, kind, location, vertical_id, is_active)
            values (:name, :kind, 'pressroom curate', :vertical_id, false)
            on conflict (name) do nothing
        """),
        {"name": _source_name(vertical_slug), "kind": SourceKind.PAGE, "vertical_id": vertical_id},
    )
    content_id = connection.scalar(
        sa.text("""
            insert into raw_content (
                source_id, external_id, account, title, caption, url, author, language, posted_at, content_hash, raw,
                canonical_id
            )
            select id, :external_id, :account, :title, :caption, :url, :author, :language,
                cast(:posted_at as timestamptz), :content_hash, :raw, :canonical_id
            from content_sources where name = :source
            returning id
        """).bindparams(sa.bindparam("raw", type_=JSONB)),
        {**page, "source": _source_name(vertical_slug)},
    )
    return UUID(str(content_id))


def _source_name(vertical_slug: str) -> str:
    return f"curated-{vertical_slug}"
