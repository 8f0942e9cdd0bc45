"""Articles as they are told again, and what tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import PostStatus


@dataclass(frozen=True, slots=True)
class Original:
    """`page` is where the article is live at its home; None where it is not. `platforms` are those that have accounts
    for its vertical.
    """

    id: UUID
    canonical_id: str
    status: PostStatus
    content_type: str
    repurposed_from: UUID | None
    vertical_id: UUID
    vertical: str
    voice_profile: Mapping[str, Any]
    language: str
    title: str
    content: str
    excerpt: str | None
    keywords: Sequence[str]
    page: str | None
    platforms: Sequence[str]


@dataclass(frozen=True, slots=True)
class Telling:
    """A post that tells an article again. `note` is what was last said of it at its review, empty where nothing was."""

    canonical_id: str
    status: PostStatus
    content: str
    note: str


def original(connection: sa.Connection, canonical_id: str, *, lock: bool = False) -> Original | None:
    """The article; with `lock`, until the transaction ends nobody changes it, or tells it again. None: no such post."""
    row = connection.execute(
        sa.text(f"""
            select p.id, p.canonical_id, p.status, p.content_type, p.repurposed_from, p.vertical_id, v.name as vertical,
                v.voice_profile, coalesce(p.language, v.language) as language, p.title, p.content, p.excerpt,
                p.keywords,
                (
                    select home.external_url from homes_of(p.id) home
                    where home.status = 'published' and home.external_url is not null
                    order by home.published_at limit 1
                ) as page,
                array(
                    select distinct a.name from platforms a where a.vertical_id is null or a.vertical_id = p.vertical_id
                ) as platforms
            from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
            where p.canonical_id = :canonical_id
            {"for update of p" if lock else ""}
        """),  # noqa: S608 - our own text
        {"canonical_id": canonical_id},
    ).one_or_none()
    if row is None:
        return None
    return Original(**{**row._mapping, "status": PostStatus(row.status)})  # noqa: SLF001 - the way to a row's names


def tellings(connection: sa.Connection, original_id: UUID, form: str) -> list[Telling]:
    """All there ever were in this form, the oldest first; at most one of them is not archived."""
    rows = connection.execute(
        sa.text("""
            select p.canonical_id, p.status, p.content, coalesce(
                (select r.note from reviews r where r.post_id = p.id order by r.id desc limit 1), ''
            ) as note
            from publisher_posts p
            where p.repurposed_from = :original_id and p.repurposed_as = :form
            order by p.created_at, p.canonical_id
        """),
        {"original_id": original_id, "form": form},
    )
    return [Telling(row.canonical_id, PostStatus(row.status), row.content, row.note) for row in rows]
