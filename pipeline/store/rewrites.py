"""Posts that an editor returned to the writer: which are to be written anew, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_posts

MOST_ATTEMPTS: Final = 3

# The text must still be the one that was returned: what a person changed since then is theirs.
_RETURNED: Final = """
    from publisher_posts p
    join lateral (
        select r.id, r.decision, r.content_hash, r.note from reviews r where r.post_id = p.id order by r.id desc limit 1
    ) review on review.decision = 'changes_requested' and review.content_hash = p.content_hash
    where p.status = 'draft' and p.content_type = 'generated' and p.ai_generated
"""
_CLAIM: Final = sa.text(f"""
    with returned as (
        select review.id as review_id, p.id as post_id, p.canonical_id
        {_RETURNED}
            and not exists (
                select from post_rewrites w
                where w.review_id = review.id
                    and (w.lease_until is null or w.lease_until > now() or w.attempts >= :most_attempts)
            )
        order by review.id
        limit :limit
        for update of p skip locked
    ), claimed as (
        insert into post_rewrites (review_id, post_id, lease_until)
        select review_id, post_id, now() + :lease from returned
        on conflict (review_id) do update set attempts = post_rewrites.attempts + 1, lease_until = excluded.lease_until
        returning review_id
    )
    select r.canonical_id from returned r join claimed c on c.review_id = r.review_id order by r.review_id
""")  # noqa: S608 - a constant of this module


@dataclass(frozen=True, slots=True)
class Returned:
    """A draft with the note it came back with."""

    review_id: int
    post_id: UUID
    note: str
    slug: str
    content: str
    content_hash: str
    featured_image_url: str | None


def to_rewrite(connection: sa.Connection, *, limit: int, lease: timedelta) -> list[str]:
    """Lease drafts that came back from review and that a model wrote; their canonical ids, the oldest note first."""
    values = {"limit": limit, "lease": lease, "most_attempts": MOST_ATTEMPTS}
    return list(connection.scalars(_CLAIM, values))


def returned(connection: sa.Connection, canonical_id: str) -> Returned | None:
    """The draft and its note; None where the post is not one that waits to be written anew."""
    row = (
        connection.execute(
            sa.text(f"""
                select review.id as review_id, p.id as post_id, review.note, p.slug, p.content, p.content_hash,
                    p.featured_image_url
                {_RETURNED} and p.canonical_id = :canonical_id
            """),
            {"canonical_id": canonical_id},
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Returned(**row)


def replace_text(connection: sa.Connection, draft: Returned, values: Mapping[str, Any]) -> bool:
    """Put the new text in the draft's place; False where somebody changed the post meanwhile."""
    p = publisher_posts.c
    changed = connection.execute(
        publisher_posts.update()
        .where(p.id == draft.post_id, p.status == "draft", p.content_hash == draft.content_hash)
        .values(**values)
    )
    return changed.rowcount == 1


def rewrite_failed(
    connection: sa.Connection, canonical_id: str, error: str, *, retry: bool, not_before: datetime | None
) -> None:
    """Keep the reason with the note that was to be followed, where there is one, and end the lease.

    It is tried again after a pause that doubles with each attempt, or at `not_before`, which was no attempt; with
    `retry` False it is left to a person.
    """
    connection.execute(
        sa.text(f"""
            update post_rewrites w
            set error = :error,
                attempts = greatest(w.attempts - case when :waits then 1 else 0 end, 0),
                lease_until = case
                    when not :retry then null
                    when :waits then cast(:not_before as timestamptz)
                    else now() + interval '1 minute' * power(2, w.attempts) end
            where w.review_id = (select review.id {_RETURNED} and p.canonical_id = :canonical_id)
        """),  # noqa: S608 - a constant of this module
        {
            "canonical_id": canonical_id,
            "error": error[:2000],
            "retry": retry,
            "waits": not_before is not None,
            "not_before": not_before,
        },
    )
