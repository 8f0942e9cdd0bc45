"""What the review desk shows: reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post in review; `score` is None where its present text was not checked.

    `files` are as `store.reviews.Reviewable` has them.
    """

    id: UUID
    canonical_id: str
    title: str
    vertical: str
    author: str
    since: datetime
    score: int | None
    blocked: bool
    content_hash: str
    files: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A draft, and the note with which it was sent back, where it was."""

    canonical_id: str
    title: str
    since: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Article:
    canonical_id: str
    status: str
    title: str
    slug: str
    content: str
    excerpt: str | None
    author: str
    revision: int
    meta_title: str | None
    meta_description: str | None
    target_keyword: str | None


def in_review(connection: sa.Connection) -> list[Waiting]:
    """The queue, longest waiting first."""
    rows = connection.execute(
        sa.text("""
            select p.id, p.canonical_id, p.title, v.name as vertical, author.full_name as author, entered.at as since,
                s.score, coalesce(s.findings @? '$[*] ? (@.severity == "blocking")', false) as blocked, p.content_hash,
                coalesce((
                    select jsonb_agg(jsonb_build_array(m.sha256, m.alt_text) order by m.position)
                    from post_media m where m.post_id = p.id
                ), '[]') as files
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            join users author on author.id = p.author_id
            join lateral (
                select max(at) as at from post_events where post_id = p.id and to_status = 'review'
            ) as entered on true
            left join seo_reports s on s.post_id = p.id and s.content_hash = p.content_hash
            where p.status = 'review'
            order by entered.at, p.id
        """)
    )
    return [Waiting(**row) for row in rows.mappings()]


def drafts(connection: sa.Connection) -> list[Unfinished]:
    """Those that are being written, or were sent back; the latest first."""
    rows = connection.execute(
        sa.text("""
            select p.canonical_id, p.title, entered.at as since, sent_back.note
            from publisher_posts p
            join lateral (
                select max(at) as at from post_events where post_id = p.id and to_status = 'draft'
            ) as entered on true
            left join lateral (
                select r.note from reviews r
                where r.post_id = p.id and r.decision = 'changes_requested'
                order by r.id desc limit 1
            ) as sent_back on true
            where p.status = 'draft'
            order by entered.at desc, p.id
        """)
    )
    return [Unfinished(**row) for row in rows.mappings()]


def article(connection: sa.Connection, canonical_id: str) -> Article | None:
    row = connection.execute(
        sa.text("""
            select p.canonical_id, p.status, p.title, p.slug, p.content, p.excerpt, author.full_name as author,
                (select max(r.number) from post_revisions r where r.post_id = p.id) as revision,
                p.meta_title, p.meta_description, p.target_keyword
            from publisher_posts p join users author on author.id = p.author_id
            where p.canonical_id = :id
        """),
        {"id": canonical_id},
    ).one_or_none()
    return Article(**row._mapping) if row else None  # noqa: SLF001 - the way to a row's names


@dataclass(frozen=True, slots=True)
class LogEntry:
    """`kind` is `status`, `decision`, `revision`, `check` or `takedown`."""

    at: datetime
    kind: str
    actor: str
    what: str
    detail: str


def log_of(connection: sa.Connection, canonical_id: str) -> list[LogEntry]:
    """Everything that happened to a post, in order."""
    rows = connection.execute(
        sa.text("""
            select l.at, l.kind, l.actor, l.what, l.detail
            from post_log l join publisher_posts p on p.id = l.post_id
            where p.canonical_id = :id
            order by l.at, l.step
        """),
        {"id": canonical_id},
    )
    return [LogEntry(**row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Note:
    """`decision` is one of the words of `ReviewDecision`."""

    at: datetime
    reviewer: str
    decision: str
    note: str


def notes_of(connection: sa.Connection, canonical_id: str, limit: int) -> list[Note]:
    """What reviewers said, the latest first."""
    rows = connection.execute(
        sa.text("""
            select r.decided_at as at, u.full_name as reviewer, r.decision, r.note
            from reviews r join users u on u.id = r.reviewer_id join publisher_posts p on p.id = r.post_id
            where p.canonical_id = :id and r.note <> ''
            order by r.id desc limit :limit
        """),
        {"id": canonical_id, "limit": limit},
    )
    return [Note(**row) for row in rows.mappings()]


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
