"""Rows for tests: the least that the constraints ask for, each overridable."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.hashing import version_hash
from pipeline.store import tables
from pipeline.store.claims import Version

_numbers = itertools.count(1)


def insert(connection: sa.Connection, table: sa.Table, **values: Any) -> UUID:
    identifier: UUID | None = connection.scalar(table.insert().values(**values).returning(table.c.id))
    assert identifier is not None
    return identifier


def vertical(connection: sa.Connection, **values: Any) -> UUID:
    defaults = {"slug": f"garden-{next(_numbers)}", "name": "Garden", "base_url": "http://127.0.0.1:9"}
    return insert(connection, tables.publisher_verticals, **{**defaults, **values})


def user(connection: sa.Connection, **values: Any) -> UUID:
    number = next(_numbers)
    defaults = {"email": f"user{number}@example.com", "full_name": f"User {number}", "roles": ["reviewer"]}
    return insert(connection, tables.users, **{**defaults, **values})


def account(connection: sa.Connection, **values: Any) -> UUID:
    number = next(_numbers)
    defaults = {"name": "x", "account_key": f"x-{number}", "account_id": str(number), "min_interval_minutes": 0}
    return insert(connection, tables.platforms, **{**defaults, **values})


def post(connection: sa.Connection, vertical_id: UUID, author_id: UUID, **values: Any) -> UUID:
    number = next(_numbers)
    defaults = {
        "canonical_id": f"garden-{number:010x}",
        "vertical_id": vertical_id,
        "author_id": author_id,
        "title": f"How to prune, part {number}",
        "slug": f"how-to-prune-{number}",
        "content": "# How to prune\n\nCut above a bud.",
        "content_hash": f"hash-{number}",
        "status": "review",
    }
    return insert(connection, tables.publisher_posts, **{**defaults, **values})


def approved_post(connection: sa.Connection, **values: Any) -> tuple[UUID, int]:
    """A scheduled post, and the review that approved it."""
    author, reviewer = user(connection, roles=["writer"]), user(connection)
    now = datetime.now(UTC)
    post_id = post(
        connection,
        vertical(connection),
        author,
        **{
            "status": "scheduled",
            "human_reviewed": True,
            "reviewed_by": reviewer,
            "reviewed_at": now,
            "scheduled_at": now,
            **values,
        },
    )
    review_id = connection.scalar(
        tables.reviews.insert()
        .values(post_id=post_id, reviewer_id=reviewer, decision="approved", content_hash="any")
        .returning(tables.reviews.c.id)
    )
    assert review_id is not None
    return post_id, review_id


def distribution(
    connection: sa.Connection,
    account_id: UUID,
    *,
    post_id: UUID | None = None,
    review_id: int | None = None,
    due_in: timedelta = timedelta(seconds=-1),
    **values: Any,
) -> UUID:
    """An approved distribution, scheduled for now + `due_in`; its post is made where none is given."""
    if post_id is None or review_id is None:
        post_id, review_id = approved_post(connection)
    at = datetime.now(UTC) + due_in
    row = {
        "post_id": post_id,
        "content_type": "generated",
        "platform_id": account_id,
        "title": None,
        "body": f"Cut above a bud. {next(_numbers)}",
        "media_urls": [],
        "link_url": "http://127.0.0.1:9/how-to-prune/",
        "platform_specific": {},
        "status": "scheduled",
        "review_id": review_id,
        "scheduled_for": at,
        "next_attempt_at": at,
        **values,
    }
    row["content_hash"] = version_hash(_Sendable(row))
    distribution_id = insert(connection, tables.distributions, **row)
    connection.execute(
        tables.review_versions.insert().values(
            review_id=review_id, distribution_id=distribution_id, content_hash=row["content_hash"]
        )
    )
    return distribution_id


def row_of(engine: sa.Engine, distribution_id: UUID) -> sa.Row[Any]:
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.distributions).where(tables.distributions.c.id == distribution_id)
        ).one()


class _Sendable:
    def __init__(self, row: dict[str, Any]) -> None:
        for name in Version.__dataclass_fields__:
            setattr(self, name, row.get(name))

    platform_id: UUID
    title: str | None
    body: str
    link_url: str | None
    media_urls: list[str]
    platform_specific: dict[str, Any]


def product(connection: sa.Connection, vertical_id: UUID, **values: Any) -> UUID:
    defaults = {
        "name": "Secateurs",
        "merchant": "Shears & Co",
        "affiliate_url": "https://shop.example/secateurs",
        "keywords": ["secateurs"],
    }
    return insert(connection, tables.affiliate_products, vertical_id=vertical_id, **{**defaults, **values})


def published_article(connection: sa.Connection, canonical_id: str, content: str) -> None:
    """A post that is live on its home site."""
    now, name = datetime.now(UTC), canonical_id.rpartition("-")[2]
    home = account(connection, name="site", account_key="site", is_home=True)
    post_id, review_id = approved_post(connection, canonical_id=canonical_id, content=content)
    distribution(
        connection,
        home,
        post_id=post_id,
        review_id=review_id,
        status="published",
        external_id=name,
        external_url=f"http://127.0.0.1:9/{name}/",
        published_at=now,
    )
    p = tables.publisher_posts
    connection.execute(p.update().where(p.c.id == post_id).values(status="published", published_at=now))
