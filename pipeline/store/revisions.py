"""The texts that posts had. The database writes each by itself; here they are read, and the present one is replaced."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import post_revisions, publisher_posts


@dataclass(frozen=True, slots=True)
class PostText:
    """All of a post that a person writes. Its slug is not among it: an address stays."""

    title: str
    content: str
    excerpt: str | None
    meta_title: str | None
    meta_description: str | None
    target_keyword: str | None

    @classmethod
    def of(cls, row: sa.RowMapping) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Revision:
    """`decisions` are those that were taken about this text, such as "changes requested by Ada Lovelace"."""

    number: int
    text: PostText
    content_hash: str
    actor: str
    at: datetime
    decisions: list[str]


def of_post(connection: sa.Connection, canonical_id: str) -> list[Revision]:
    """All of them, the first first."""
    rows = connection.execute(
        sa.text("""
            select r.*, array(
                select concat(replace(v.decision, '_', ' '), ' by ', u.full_name)
                from reviews v join users u on u.id = v.reviewer_id
                where v.post_id = r.post_id and v.revision = r.number
                order by v.id
            ) as decisions
            from post_revisions r join publisher_posts p on p.id = r.post_id
            where p.canonical_id = :id
            order by r.number
        """),
        {"id": canonical_id},
    )
    return [
        Revision(row["number"], PostText.of(row), row["content_hash"], row["actor"], row["at"], row["decisions"])
        for row in rows.mappings()
    ]


def text_of(connection: sa.Connection, post_id: UUID, number: int) -> PostText | None:
    statement = sa.select(post_revisions).where(post_revisions.c.post_id == post_id, post_revisions.c.number == number)
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else PostText.of(row)


def replace_text(connection: sa.Connection, post_id: UUID, text: PostText, content_hash: str) -> None:
    connection.execute(
        publisher_posts.update()
        .where(publisher_posts.c.id == post_id)
        .values(**asdict(text), content_hash=content_hash)
    )


def void_versions(connection: sa.Connection, post_id: UUID, reason: str) -> None:
    """Hold what was planned of the former text, so that nobody approves it before it is planned anew."""
    connection.execute(
        sa.text("""
            update distributions set status = 'held', hold_reason = :reason
            where post_id = :post_id and status in ('draft', 'held')
        """),
        {"post_id": post_id, "reason": reason},
    )
