"""Approved posts in the database, as planning, review and scheduling leave them, written many at once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.hashing import version_hash
from pipeline.store import tables

_LINK = "https://garden.example/how-to-prune/"


# Eleven versions a post, the first of them its home. Ids and times grow together, so that five million rows are written
# in minutes; triggers and foreign keys are off while they are. Two days old and more, so that no limit counts them.
_HISTORY = """
    set local session_replication_role = replica;
    set local synchronous_commit = off;
    create temporary table places on commit drop as
        select id as platform_id, case when is_home then 0 else row_number() over (order by is_home, id) end as place
        from platforms;
    create temporary table history on commit drop as
        select lpad(to_hex(n), 32, '0')::uuid as id, lpad(to_hex(n / 11), 32, '0')::uuid as post_id, n,
            case when mod(n, 11) = 0 then 0 else 1 + mod(n, (select count(*) from places) - 1) end as place,
            now() - interval '2 days' - ({rows} - n) * interval '10 seconds' as at
        from generate_series(1, {rows}) as n;
    analyze places, history;
    insert into distributions (id, post_id, content_type, platform_id, body, link_url, content_hash, status,
        scheduled_for, next_attempt_at, published_at, external_id, external_url, lease_token, cross_post_group_id,
        next_metrics_at)
    select id, post_id, 'generated', platform_id, 'Cut above a bud, at a slant, on a dry day. ' || id,
        'https://garden.example/how-to-prune/', id::text, 'published', at, at, at, n::text,
        'https://x.example/' || n, 1, post_id, case when at > now() - interval '90 days' then now() end
    from history join places using (place) order by n;
    insert into publish_attempts (distribution_id, platform_id, lease_token, worker, started_at, finished_at, outcome)
    select id, platform_id, 1, 'history', at, at, 'published' from history join places using (place) order by n
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """One version of a post: to which account, and when."""

    account_id: UUID
    at: datetime
    distribution_id: UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class _Version:
    platform_id: UUID
    body: str
    title: None = None
    link_url: str = _LINK
    media_urls: Sequence[str] = ()
    platform_specific: dict[str, Any] = field(default_factory=dict)


def add_accounts(connection: sa.Connection, count: int, *, name: str = "x", **values: Any) -> list[UUID]:
    """Accounts without limits of their own."""
    rows = [
        {"id": uuid.uuid4(), "name": name, "account_key": f"{name}-{key}", "account_id": key, "min_interval_minutes": 0}
        for key in (uuid.uuid4().hex for _ in range(count))
    ]
    connection.execute(tables.platforms.insert(), [row | values for row in rows])
    return [row["id"] for row in rows]  # type: ignore[misc]


def add_posts(
    connection: sa.Connection, posts: Sequence[Sequence[Slot]], *, home: UUID, pages: str | None = None
) -> None:
    """A post for each sequence of slots, approved, with its versions scheduled and held together by a group.

    Each is live on its `home`; with `pages`, a base URL, its page there has an address, which the engine then asks.
    """
    author, reviewer = _person(connection, "writer"), _person(connection, "reviewer")
    vertical = uuid.uuid4()
    connection.execute(
        tables.publisher_verticals.insert(),
        {"id": vertical, "slug": f"garden-{vertical}", "name": "Garden", "base_url": pages or "https://garden.example"},
    )
    ids = [uuid.uuid4() for _ in posts]
    connection.execute(
        tables.publisher_posts.insert(),
        [_post(post_id, vertical, author, reviewer, slots) for post_id, slots in zip(ids, posts, strict=True)],
    )
    connection.execute(
        tables.cross_post_groups.insert(), [{"id": post_id, "name": f"garden-{post_id}"} for post_id in ids]
    )
    reviewed = connection.execute(
        sa.text("""
            insert into reviews (post_id, reviewer_id, decision, content_hash)
            select id, :reviewer, 'approved', content_hash from publisher_posts where id = any (:ids)
            returning post_id, id
        """),
        {"reviewer": reviewer, "ids": ids},
    )
    reviews = {post_id: review_id for post_id, review_id in reviewed}  # noqa: C416 - a result has keys of its own
    connection.execute(
        tables.distributions.insert(),
        [
            _distribution(slot, post_id, reviews[post_id], vertical)
            for post_id, slots in zip(ids, posts, strict=True)
            for slot in slots
        ],
    )
    connection.execute(
        tables.distributions.insert(),
        [_live(home, post_id, reviews[post_id], pages and f"{pages}/{post_id}") for post_id in ids],
    )
    connection.execute(
        sa.text("""
            insert into review_versions (review_id, distribution_id, content_hash)
            select review_id, id, content_hash from distributions where post_id = any (:ids)
        """),
        {"ids": ids},
    )


def add_history(connection: sa.Connection, rows: int) -> None:
    """So many published before on the accounts that there are, the last of them two days ago, with their journal."""
    connection.exec_driver_sql(_HISTORY.format(rows=rows))


def _person(connection: sa.Connection, role: str) -> UUID:
    person = uuid.uuid4()
    connection.execute(
        tables.users.insert(), {"id": person, "email": f"{person}@example.com", "full_name": role, "roles": [role]}
    )
    return person


def _post(post_id: UUID, vertical: UUID, author: UUID, reviewer: UUID, slots: Sequence[Slot]) -> dict[str, Any]:
    return {
        "id": post_id,
        "canonical_id": f"garden-{post_id}",
        "vertical_id": vertical,
        "author_id": author,
        "title": "How to prune",
        "slug": str(post_id),
        "content": "# How to prune\n\nCut above a bud.",
        "content_hash": post_id.hex,
        "status": "published",
        "published_at": datetime.now(UTC),
        "human_reviewed": True,
        "reviewed_by": reviewer,
        "reviewed_at": datetime.now(UTC),
        "scheduled_at": min(slot.at for slot in slots),
    }


def _distribution(slot: Slot, post_id: UUID, review_id: int, vertical: UUID) -> dict[str, Any]:
    version = _Version(slot.account_id, f"Cut above a bud, at a slant, on a dry day. {slot.distribution_id} {_LINK}")
    return {
        "id": slot.distribution_id,
        "post_id": post_id,
        "content_type": "generated",
        "platform_id": slot.account_id,
        "body": version.body,
        "link_url": version.link_url,
        "content_hash": version_hash(version),
        "review_id": review_id,
        "status": "scheduled",
        "scheduled_for": slot.at,
        "next_attempt_at": slot.at,
        "cross_post_group_id": post_id,
        "vertical_id": vertical,
    }


def _live(home: UUID, post_id: UUID, review_id: int, page: str | None) -> dict[str, Any]:
    return {
        "post_id": post_id,
        "content_type": "generated",
        "platform_id": home,
        "body": "<h1>How to prune</h1>",
        "content_hash": "any",
        "review_id": review_id,
        "status": "published",
        "published_at": datetime.now(UTC),
        "external_id": str(post_id),
        "external_url": page,
        "cross_post_group_id": post_id,
    }
