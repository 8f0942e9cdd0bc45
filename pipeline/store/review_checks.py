"""What was checked of which text: the checklist's two parts, and what they are made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import review_checks
from pipeline.vocabulary import PostStatus, ReviewItem


@dataclass(frozen=True, slots=True)
class Subject:
    """A post as the automated part reads it.

    `files` are as `store.reviews.Reviewable` has them; `pictures` describe those that are pictures. `source_url` is
    where a generated post's source is, and `credit` a curated one's.
    """

    id: UUID
    canonical_id: str
    status: PostStatus
    content_hash: str
    files: Sequence[Sequence[str]]
    content: str
    language: str
    voice_profile: Mapping[str, Any]
    pictures: Sequence[Mapping[str, Any]]
    repurposed_as: str | None
    credit: Mapping[str, Any] | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The human part of an item. `is_person` is False where a script says that it looked."""

    by: str
    is_person: bool
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class StoredItem:
    """`findings` is None where the automated part did not run on this text."""

    item: ReviewItem
    findings: Sequence[Mapping[str, Any]] | None
    confirmed: Confirmation | None


def subject(connection: sa.Connection, canonical_id: str) -> Subject | None:
    row = connection.execute(
        sa.text("""
            select p.id, p.canonical_id, p.status, p.content_hash, p.content,
                coalesce(p.language, v.language) as language,
                v.voice_profile, p.repurposed_as, p.credit, raw.url as source_url,
                coalesce((
                    select jsonb_agg(jsonb_build_array(m.sha256, m.alt_text) order by m.position)
                    from post_media m where m.post_id = p.id
                ), '[]') as files,
                coalesce((
                    select jsonb_agg(jsonb_build_object(
                        'url', m.url, 'alt_text', m.alt_text, 'width', m.width, 'height', m.height, 'bytes', m.bytes
                    ) order by m.position)
                    from post_media m where m.post_id = p.id and m.kind = 'image'
                ), '[]') as pictures
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            left join raw_content raw on raw.id = p.source_content_id
            where p.canonical_id = :id
        """),
        {"id": canonical_id},
    ).one_or_none()
    if row is None:
        return None
    return Subject(**{**row._mapping, "status": PostStatus(row.status)})  # noqa: SLF001 - the way to a row's names


_STATE = sa.text("""
    select item.name as item,
        (
            select c.findings from review_checks c
            where c.post_id = :post_id and c.content_hash = :hash and c.item = item.name and c.findings is not null
            order by c.id desc limit 1
        ) as findings,
        u.full_name as by, u.is_person, human.at, human.note
    from unnest(cast(:items as text[])) with ordinality as item (name, position)
    left join lateral (
        select c.checked_by, c.at, c.note from review_checks c
        where c.post_id = :post_id and c.content_hash = :hash and c.item = item.name and c.checked_by is not null
        order by c.id desc limit 1
    ) as human on true
    left join users u on u.id = human.checked_by
    order by item.position
""")


def state(connection: sa.Connection, post_id: UUID, checked_hash: str) -> list[StoredItem]:
    """Every item, in the checklist's order, as it stands for the text and files of that hash."""
    rows = connection.execute(_STATE, {"post_id": post_id, "hash": checked_hash, "items": list(ReviewItem)})
    return [
        StoredItem(
            ReviewItem(row.item),
            row.findings,
            Confirmation(row.by, row.is_person, row.at, row.note) if row.by else None,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a checklist is: how many items somebody has confirmed, and whether a program found what blocks."""

    confirmed: int
    blocked: bool


def progress(connection: sa.Connection, texts: Mapping[UUID, str]) -> dict[UUID, Progress]:
    """Of posts, by their ids, with the hash of what is to be checked of each."""
    rows = connection.execute(
        sa.text("""
            select given.post_id,
                count(distinct c.item) filter (where c.checked_by is not null) as confirmed,
                coalesce(bool_or(c.findings @? '$[*] ? (@.severity == "blocking")') filter (where not exists (
                    select from review_checks later
                    where later.post_id = c.post_id and later.content_hash = c.content_hash and later.item = c.item
                        and later.findings is not null and later.id > c.id
                )), false) as blocked
            from unnest(cast(:ids as uuid[]), cast(:hashes as text[])) as given (post_id, hash)
            left join review_checks c on c.post_id = given.post_id and c.content_hash = given.hash
            group by given.post_id
        """),
        {"ids": list(texts), "hashes": list(texts.values())},
    )
    return {row.post_id: Progress(row.confirmed, row.blocked) for row in rows}


def keep_findings(
    connection: sa.Connection, post_id: UUID, checked_hash: str, item: ReviewItem, findings: Sequence[Mapping[str, Any]]
) -> None:
    connection.execute(
        review_checks.insert().values(post_id=post_id, item=item, content_hash=checked_hash, findings=list(findings))
    )


def confirm(
    connection: sa.Connection,
    post_id: UUID,
    checked_hash: str,
    items: Collection[ReviewItem],
    *,
    by: UUID,
    note: str = "",
) -> None:
    """Somebody looked at these, and found them right."""
    if items:
        connection.execute(
            review_checks.insert(),
            [
                {
                    "post_id": post_id,
                    "item": item,
                    "content_hash": checked_hash,
                    "checked_by": by,
                    "note": note,
                }
                for item in sorted(items)
            ],
        )
