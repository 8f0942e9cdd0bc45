"""What an account ever said, or will say: the bodies of its distributions, and what tells an article again on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """A text of an account. `name` is what people know it by, its post's id."""

    name: str
    body: str


def ever_said(connection: sa.Connection, account_id: UUID, *, but: UUID | None) -> Iterator[Said]:
    """Every text of the account that is not given up, each post of a thread for itself, in no order, and what is to be
    said again but has no version yet. The post `but` is left out. Read a thousand at a time: an account may have said a
    hundred thousand things.
    """
    rows = connection.execute(
        sa.text("""
            select coalesce(p.canonical_id, d.id::text) as name, d.body, d.platform_specific -> 'thread' as more
            from distributions d left join publisher_posts p on p.id = d.post_id
            where d.platform_id = :account and d.status <> 'cancelled' and d.post_id is distinct from :but
            union all
            select p.canonical_id, p.content, null
            from publisher_posts p
            where p.repurposed_as = 'again' and p.account_id = :account and p.status = 'draft'
                and p.id is distinct from :but and not exists (select from distributions d where d.post_id = p.id)
        """).columns(sa.column("name", sa.Text), sa.column("body", sa.Text), sa.column("more", sa.JSON)),
        {"account": account_id, "but": but},
        execution_options={"yield_per": _AT_ONCE},
    )
    for row in rows:
        for body in (row.body, *(row.more if isinstance(row.more, list) else ())):
            yield Said(row.name, str(body))


@dataclass(frozen=True, slots=True)
class Heard:
    """What readers of an account know of an article.

    `bodies` are its posts on the article, the newest first. `turned_down` are the texts that were made of it for the
    account and never came out, the newest first, with the reviewer's note on the newest, empty where there is none.
    """

    bodies: Sequence[str]
    turned_down: Sequence[str]
    note: str


def of_article(connection: sa.Connection, article_id: UUID, account_id: UUID, limit: int) -> Heard:
    """At most `limit` of each."""
    given = {"article": article_id, "account": account_id, "limit": limit}
    bodies = connection.scalars(
        sa.text("""
            select d.body
            from (
                select cast(:article as uuid) as id
                union all
                select p.id from publisher_posts p where p.repurposed_from = :article
            ) as told
            join distributions d on d.post_id = told.id and d.platform_id = :account and d.status <> 'cancelled'
            order by coalesce(d.published_at, d.scheduled_for, d.created_at) desc, d.id
            limit :limit
        """),
        given,
    ).all()
    rejected = connection.execute(
        sa.text("""
            select p.content, coalesce(
                (select r.note from reviews r where r.post_id = p.id order by r.id desc limit 1), ''
            ) as note
            from publisher_posts p
            where p.repurposed_as = 'again' and p.account_id = :account and p.repurposed_from = :article
                and p.status = 'archived' and p.published_at is null
            order by p.created_at desc, p.id
            limit :limit
        """),
        given,
    ).all()
    return Heard(bodies, [row.content for row in rejected], rejected[0].note if rejected else "")
