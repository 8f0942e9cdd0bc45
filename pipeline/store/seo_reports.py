"""The SEO reports of posts, and what is read to write one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.posts import UnknownPostError
from pipeline.store.tables import seo_reports

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class CheckedPost:
    """A post as the checks see it."""

    id: UUID
    title: str
    slug: str
    content: str
    meta_title: str | None
    meta_description: str | None
    target_keyword: str | None
    content_hash: str
    base_url: str
    """Where the pages of the post's vertical live."""
    own_language: str | None
    """ISO 639, as somebody said it; None where nobody did."""
    language: str
    """The vertical's."""
    repurposed_as: str | None
    account_id: UUID | None
    """The one account that a recycled post is for."""
    other_pages: int
    """How many published posts the vertical has besides; counted no further than the checks ask."""
    keyphrase_used_by: Sequence[str]
    """Ids of posts of the vertical with the same target keyword, at most three."""
    alt_texts: Sequence[str]
    """Of the pictures that go with the post."""


def to_check(connection: sa.Connection, canonical_id: str) -> CheckedPost:
    """Raises: UnknownPostError."""
    row = connection.execute(
        sa.text("""
            select p.id, p.title, p.slug, p.content, p.meta_title, p.meta_description, p.target_keyword,
                p.content_hash, v.base_url, p.language as own_language, v.language, p.repurposed_as, p.account_id,
                (
                    select count(*) from (
                        select 1 from publisher_posts other
                        where other.vertical_id = p.vertical_id and other.status = 'published' and other.id <> p.id
                        limit :enough
                    ) as published
                ) as other_pages,
                array(
                    select other.canonical_id from publisher_posts other
                    where other.vertical_id = p.vertical_id and lower(other.target_keyword) = lower(p.target_keyword)
                        and other.id <> p.id and other.status <> 'archived' and other.repurposed_from is null
                    order by other.created_at limit :enough
                ) as keyphrase_used_by,
                array(
                    select m.alt_text from post_media m where m.post_id = p.id and m.kind = 'image' order by m.position
                ) as alt_texts
            from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
            where p.canonical_id = :canonical_id
        """),
        {"canonical_id": canonical_id, "enough": _MOST_NAMED},
    ).one_or_none()
    if row is None:
        raise UnknownPostError(f"No post is called {canonical_id!r}.")
    return CheckedPost(**row._mapping)  # noqa: SLF001 - the way to a row's names


def keep(
    connection: sa.Connection, post_id: UUID, content_hash: str, score: int, findings: Sequence[Mapping[str, Any]]
) -> None:
    """One report for each version of a post's text; checked again, it is brought up to date."""
    report = {"score": score, "findings": list(findings)}
    connection.execute(
        insert(seo_reports)
        .values(post_id=post_id, content_hash=content_hash, **report)
        .on_conflict_do_update(index_elements=["post_id", "content_hash"], set_=report)
    )


def findings_of(connection: sa.Connection, canonical_ids: Sequence[str]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The findings on each post's present text, by its id; those without a report are left out."""
    rows = connection.execute(
        sa.text("""
            select p.canonical_id, s.findings from publisher_posts p
            join seo_reports s on s.post_id = p.id and s.content_hash = p.content_hash
            where p.canonical_id = any(:ids)
        """),
        {"ids": list(canonical_ids)},
    )
    return {row.canonical_id: row.findings for row in rows}
