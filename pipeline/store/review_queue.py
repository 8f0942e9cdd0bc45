"""What the review desk shows: reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post in review; `score` is None where its present text was not checked."""

    canonical_id: str
    title: str
    vertical: str
    since: datetime
    score: int | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class Article:
    canonical_id: str
    status: str
    title: str
    slug: str
    content: str
    meta_title: str | None
    meta_description: str | None
    target_keyword: str | None
    note: str | None
    """The latest reviewer's note, if there is one."""


def in_review(connection: sa.Connection) -> list[Waiting]:
    """The queue, longest waiting first."""
    rows = connection.execute(
        sa.text("""
            select p.canonical_id, p.title, v.name as vertical, entered.at as since, s.score,
                coalesce(s.findings @? '$[*] ? (@.severity == "blocking")', false) as blocked
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            join lateral (
                select max(at) as at from post_events where post_id = p.id and to_status = 'review'
            ) as entered on true
            left join seo_reports s on s.post_id = p.id and s.content_hash = p.content_hash
            where p.status = 'review'
            order by entered.at, p.id
        """)
    )
    return [Waiting(**row) for row in rows.mappings()]


def article(connection: sa.Connection, canonical_id: str) -> Article | None:
    row = connection.execute(
        sa.text("""
            select p.canonical_id, p.status, p.title, p.slug, p.content, p.meta_title, p.meta_description,
                p.target_keyword,
                (select note from reviews r where r.post_id = p.id and note <> '' order by r.id desc limit 1) as note
            from publisher_posts p where p.canonical_id = :id
        """),
        {"id": canonical_id},
    ).one_or_none()
    return Article(**row._mapping) if row else None  # noqa: SLF001 - the way to a row's names


def findings(connection: sa.Connection, canonical_id: str) -> Sequence[Mapping[str, Any]] | None:
    """The SEO findings for exactly the post's present text; None where it was not checked."""
    found: Sequence[Mapping[str, Any]] | None = connection.scalar(
        sa.text("""
            select s.findings from publisher_posts p
            join seo_reports s on s.post_id = p.id and s.content_hash = p.content_hash
            where p.canonical_id = :id
        """),
        {"id": canonical_id},
    )
    return found


def matching(connection: sa.Connection, beginning: str) -> list[str]:
    """Posts whose id, or the part behind the vertical's name, begins so."""
    return list(
        connection.scalars(
            sa.text("""
                select p.canonical_id from publisher_posts p join publisher_verticals v on v.id = p.vertical_id
                where starts_with(p.canonical_id, :text)
                    or starts_with(p.canonical_id, concat(v.slug, '-', cast(:text as text)))
                order by p.canonical_id limit 20
            """),
            {"text": beginning},
        )
    )
