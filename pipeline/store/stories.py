"""Stories: items worth an article. Claimed once, leased while somebody works on them, taken up again when work stops.

`raw_content.canonical_id` is the claim. `story_lease_until` is when the present worker counts as dead; null means that
nobody works on it and nobody will without being told to. `story_attempts` counts claims, also those of the analysis
that comes before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.store import story_items
from pipeline.store.analyses import WAITING

MOST_ATTEMPTS: Final = 3
HOOK_STRENGTH: Final = 70
ENGAGEMENT_RATE: Final = 0.05
ENGAGEMENT_PERCENTILE: Final = 0.8
"""The rule of `raw_content.is_candidate`, to tell a person about it. The percentile stands in where the reach, and with
it the rate, is unknown: above four fifths of the account's own items. Where nothing is known of the readers, as in most
feeds, the hook decides alone, and such items come last."""


class UnknownStoryError(LookupError):
    """No claimed item has that id."""


@dataclass(frozen=True, slots=True)
class Story:
    """A claimed item with all that is known about it. `brief` is the stored brief's JSON, None before it is written."""

    canonical_id: str
    content_id: UUID
    vertical_id: UUID
    vertical: str
    voice_profile: Mapping[str, Any]
    title: str | None
    caption: str
    description: str | None
    url: str | None
    publisher: str
    language: str | None
    topics: Sequence[str]
    facts: Sequence[Mapping[str, str]]
    hook_strength: int
    analysed_language: str
    entities: Sequence[str]
    brief: Mapping[str, Any] | None


# Best first. Items of a story that somebody took up already are passed over, and so are those that became a post in
# another way. A row that somebody else holds at this moment is left to the next time.
_BEST: Final = """
    select rc.id, si.story_id
    from raw_content rc
    join story_items si on si.content_id = rc.id
    join stories s on s.id = si.story_id
    join content_sources cs on cs.id = rc.source_id
    join publisher_verticals v on v.id = cs.vertical_id
    where rc.is_candidate and rc.canonical_id is null and s.canonical_id is null and v.is_active
        and not exists (
            select from story_items o join publisher_posts p on p.source_content_id = o.content_id
            where o.story_id = si.story_id
        )
    order by rc.engagement_rate desc nulls last, rc.engagement_percentile desc nulls last, rc.hook_strength desc, rc.id
    limit 1
    for update of rc skip locked
"""

_PICKED: Final = """
    select rc.id, si.story_id
    from raw_content rc
    join story_items si on si.content_id = rc.id
    join stories s on s.id = si.story_id
    where rc.id = :content_id and rc.canonical_id is null and rc.hook_strength is not null and s.canonical_id is null
        and not exists (
            select from story_items o join publisher_posts p on p.source_content_id = o.content_id
            where o.story_id = si.story_id
        )
    for update of rc
"""

_CLAIM: Final = """
    with picked as ({picked}), named as (
        select picked.id, picked.story_id, v.slug || '-' as prefix,
            encode(sha256(convert_to(rc.source_id || ':' || rc.external_id, 'UTF8')), 'hex') as digest
        from picked
        join raw_content rc on rc.id = picked.id
        join content_sources cs on cs.id = rc.source_id
        join publisher_verticals v on v.id = cs.vertical_id
    ), claimed as (
        update raw_content rc
        set canonical_id = n.prefix || left(n.digest, case
                when exists (select from raw_content o where o.canonical_id = n.prefix || left(n.digest, 10)) then 20
                else 10 end),
            story_lease_until = now() + :lease, story_attempts = :attempts, story_error = null
        from named n
        where rc.id = n.id
        returning n.story_id, rc.canonical_id
    )
    update stories s set canonical_id = claimed.canonical_id from claimed where s.id = claimed.story_id
    returning s.canonical_id
"""
_CLAIM_BEST: Final = sa.text(_CLAIM.format(picked=_BEST))
_CLAIM_PICKED: Final = sa.text(_CLAIM.format(picked=_PICKED))

# A post that a person has seen is theirs: a story is resumed only until its post first left the writer's hands.
_RESUME: Final = sa.text("""
    with interrupted as (
        select rc.id
        from raw_content rc
        where rc.canonical_id is not null and rc.story_lease_until < now() and rc.story_attempts < :most_attempts
            and not exists (
                select from publisher_posts p
                join post_events e on e.post_id = p.id and e.to_status <> 'draft'
                where p.canonical_id = rc.canonical_id
            )
        order by rc.story_lease_until
        limit :limit
        for update of rc skip locked
    )
    update raw_content rc
    set story_lease_until = now() + :lease, story_attempts = rc.story_attempts + 1
    from interrupted
    where rc.id = interrupted.id
    returning rc.canonical_id
""")

_STORY: Final = sa.text("""
    select rc.canonical_id, rc.id as content_id, v.id as vertical_id, v.name as vertical, v.voice_profile,
        rc.title, rc.caption, rc.description, rc.url, coalesce(rc.account, cs.name) as publisher, rc.language,
        ca.topics, ca.extracted_facts -> 'facts' as facts, ca.hook_strength, ca.language as analysed_language,
        ca.entities, ca.extracted_facts -> 'brief' as brief
    from raw_content rc
    join content_analysis ca on ca.content_id = rc.id
    join content_sources cs on cs.id = rc.source_id
    join publisher_verticals v on v.id = cs.vertical_id
    where rc.canonical_id = any(:ids)
    order by rc.engagement_rate desc nulls last, rc.engagement_percentile desc nulls last, ca.hook_strength desc, rc.id
""")


# Source by source, of which there are few: all that waits in the one that is left out would be read otherwise.
_WAITS_BESIDES: Final = sa.text(f"""
    select waiting.id from content_sources cs
    cross join lateral (select rc.id from raw_content rc where rc.source_id = cs.id and {WAITING} limit 1) waiting
    where cs.vertical_id <> all(cast(:besides as uuid[]))
    limit 1
""")  # noqa: S608 - a constant of `analyses`


def claim_stories(connection: sa.Connection, *, limit: int, lease: timedelta) -> list[Story]:
    """Claim the best items of stories that nobody has taken up, the strongest first; no story is ever claimed twice.

    Measured rates come before percentiles, and among equals the hook decides.
    """
    story_items.lock(connection)
    claimed: list[str] = []
    while len(claimed) < limit:
        canonical_id = connection.scalar(_CLAIM_BEST, {"lease": lease, "attempts": 1})
        if canonical_id is None:
            break
        claimed.append(canonical_id)
    return _stories(connection, claimed)


def claim_picked(connection: sa.Connection, content_id: UUID) -> str | None:
    """Claim an item that a person chose, whatever its figures; whoever resumes stories takes it up next.

    Returns:
        The story's id; None where the item can't be a story: it has no analysis, or its story was taken up.
    """
    story_items.lock(connection)
    values = {"content_id": content_id, "lease": timedelta(), "attempts": 0}
    claimed: str | None = connection.scalar(_CLAIM_PICKED, values)
    return claimed


def stories_to_resume(
    connection: sa.Connection, *, limit: int, lease: timedelta, most_attempts: int = MOST_ATTEMPTS
) -> list[Story]:
    """Lease again the stories whose lease ran out before a person saw their post."""
    values = {"limit": limit, "lease": lease, "most_attempts": most_attempts}
    return _stories(connection, connection.scalars(_RESUME, values).all())


def story(connection: sa.Connection, canonical_id: str) -> Story:
    """Raises: UnknownStoryError."""
    found = _stories(connection, [canonical_id])
    if not found:
        raise UnknownStoryError(f"No story is called {canonical_id!r}.")
    return found[0]


def lock(connection: sa.Connection, canonical_id: str) -> None:
    """Keep everybody else from changing the story until the transaction ends."""
    connection.execute(sa.text("select from raw_content where canonical_id = :id for update"), {"id": canonical_id})


def anything_to_analyse(connection: sa.Connection, *, besides: Sequence[UUID] = ()) -> bool:
    """Whether an item of another vertical waits for its analysis, or any item for being told which story it tells."""
    # In the index's order: for any row at all the planner may read the table, whose newest rows come last.
    waits = connection.scalar(
        sa.text(f"""
            select rc.id from raw_content rc where {WAITING}
            order by rc.engagement_rate desc nulls last, rc.engagement_percentile desc nulls last, rc.id
            limit 1
        """)  # noqa: S608 - a constant of `analyses`
    )
    if waits is not None and besides:
        waits = connection.scalar(_WAITS_BESIDES, {"besides": list(besides)})
    return waits is not None or story_items.any_waiting(connection)


def story_failed(
    connection: sa.Connection, canonical_id: str, error: str, *, retry: bool = True, not_before: datetime | None = None
) -> None:
    """Keep the reason, and end the lease: the story is resumed after a pause that doubles with each attempt.

    Args:
        connection: in a transaction.
        canonical_id: the story.
        error: for a person.
        retry: False where trying again can't help: it then waits for a person.
        not_before: it was kept from starting until then (a budget); that was no attempt.
    """
    connection.execute(
        sa.text("""
            update raw_content
            set story_error = :error,
                story_attempts = greatest(story_attempts - case when :waits then 1 else 0 end, 0),
                story_lease_until = case
                    when not :retry then null
                    when :waits then cast(:not_before as timestamptz)
                    else now() + interval '1 minute' * power(2, least(story_attempts, 10)) end
            where canonical_id = :canonical_id
        """),
        {
            "canonical_id": canonical_id,
            "error": error[:2000],
            "retry": retry,
            "waits": not_before is not None,
            "not_before": not_before,
        },
    )


def begin_anew(connection: sa.Connection, content_id: UUID) -> bool:
    """Forget the failures of an item's analysis or of its story; False where nothing failed or somebody works on it."""
    begun = connection.execute(
        sa.text("""
            update raw_content
            set story_attempts = 0, story_error = null,
                story_lease_until = case when canonical_id is not null then now() end
            where id = :id and story_error is not null and (canonical_id is not null or hook_strength is null)
        """),
        {"id": content_id},
    )
    return begun.rowcount > 0


def story_worked(connection: sa.Connection, canonical_id: str) -> None:
    """Forget an earlier failure. The lease stays: whoever works on the story may not be done."""
    connection.execute(
        sa.text("update raw_content set story_error = null where canonical_id = :id and story_error is not null"),
        {"id": canonical_id},
    )


def keep_brief(connection: sa.Connection, content_id: UUID, brief: Mapping[str, Any]) -> Mapping[str, Any]:
    """Store the brief unless one is there; returns the one that is there now."""
    connection.execute(
        sa.text("""
            update content_analysis
            set extracted_facts = jsonb_set(extracted_facts, '{brief}', :brief)
            where content_id = :content_id and extracted_facts -> 'brief' is null
        """).bindparams(sa.bindparam("brief", type_=JSONB)),
        {"content_id": content_id, "brief": dict(brief)},
    )
    stored: Mapping[str, Any] = connection.scalars(
        sa.text("select extracted_facts -> 'brief' from content_analysis where content_id = :content_id"),
        {"content_id": content_id},
    ).one()
    return stored


def _stories(connection: sa.Connection, canonical_ids: Sequence[str]) -> list[Story]:
    rows = connection.execute(_STORY, {"ids": list(canonical_ids)}).mappings()
    return [Story(**row) for row in rows]
