"""Which items tell the same story: `stories`, `story_items`.

Whoever decides that, or claims a story, holds one lock for as long as the transaction lasts. So two workers never make
two stories of twins, and no story is claimed while it is being joined to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

MOST_ALIKE: Final = 200
"""How many near items are looked at. Those that share the most bands come first, and an exact copy needs no looking."""

_TEXT: Final = "rc.title, rc.caption, rc.description, rc.url, coalesce(rc.account, cs.name) as publisher, rc.language"


@dataclass(frozen=True, slots=True)
class ItemText:
    """What an item says, and its claim if it has one."""

    content_id: UUID
    vertical_id: UUID
    canonical_id: str | None
    title: str | None
    caption: str
    description: str | None
    url: str | None
    publisher: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """An item whose story is known. `claimed_as` is the story's claim, None while nobody has taken it up."""

    story_id: UUID
    claimed_as: str | None
    text: ItemText


def lock(connection: sa.Connection) -> None:
    """Let nobody else join or claim stories until the transaction ends."""
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtextextended('stories', 0))"))


def any_waiting(connection: sa.Connection) -> bool:
    """Whether it is unknown of some item which story it tells."""
    return bool(connection.scalar(sa.text("select exists (select from story_items where story_id is null)")))


def waiting(connection: sa.Connection, *, limit: int) -> list[UUID]:
    """Items of which it is unknown which story they tell."""
    statement = sa.text("select content_id from story_items where story_id is null order by content_id limit :limit")
    return list(connection.scalars(statement, {"limit": limit}))


def undecided(connection: sa.Connection, content_id: UUID) -> ItemText | None:
    """The item's text; None where its story is known, or it has gone."""
    row = (
        connection.execute(
            sa.text(f"""
                select si.content_id, cs.vertical_id, rc.canonical_id, {_TEXT}
                from story_items si
                join raw_content rc on rc.id = si.content_id
                join content_sources cs on cs.id = rc.source_id
                where si.content_id = :id and si.story_id is null
                for update of si
            """),  # noqa: S608 - constants of this module
            {"id": content_id},
        )
        .mappings()
        .one_or_none()
    )
    return ItemText(**row) if row else None


def copies(connection: sa.Connection, item: ItemText, digest: str) -> list[Told]:
    """One item for each story of the vertical that is told in the very same words: at most a few, claimed ones each."""
    return _told(
        connection,
        f"""
            select distinct on (si.story_id) si.story_id, s.canonical_id as claimed_as, si.content_id, cs.vertical_id,
                rc.canonical_id, {_TEXT}
            from story_items si
            join stories s on s.id = si.story_id
            join raw_content rc on rc.id = si.content_id
            join content_sources cs on cs.id = rc.source_id
            where si.digest = :digest and cs.vertical_id = :vertical_id and si.content_id <> :content_id
            order by si.story_id, si.content_id
            limit {MOST_ALIKE}
        """,  # noqa: S608 - constants of this module
        item,
        digest=digest,
    )


def near(connection: sa.Connection, item: ItemText, bands: Sequence[int]) -> list[Told]:
    """The vertical's items that share a band, at most `MOST_ALIKE`, those that share the most first."""
    return _told(
        connection,
        f"""
            select si.story_id, s.canonical_id as claimed_as, si.content_id, cs.vertical_id, rc.canonical_id, {_TEXT}
            from story_items si
            join stories s on s.id = si.story_id
            join raw_content rc on rc.id = si.content_id
            join content_sources cs on cs.id = rc.source_id
            where si.bands && cast(:bands as bigint[]) and cs.vertical_id = :vertical_id
                and si.content_id <> :content_id
            order by (select count(*) from unnest(si.bands) as band where band = any(:bands)) desc, si.content_id
            limit {MOST_ALIKE}
        """,  # noqa: S608 - constants of this module
        item,
        bands=list(bands),
    )


def all_that_tell(connection: sa.Connection, content_id: UUID) -> list[ItemText]:
    """The item, and after it the others that tell its story."""
    rows = connection.execute(
        sa.text(f"""
            select rc.id as content_id, cs.vertical_id, rc.canonical_id, {_TEXT}
            from raw_content rc join content_sources cs on cs.id = rc.source_id
            where rc.id = :content_id or rc.id in (
                select other.content_id from story_items own join story_items other on other.story_id = own.story_id
                where own.content_id = :content_id
            )
            order by rc.id <> :content_id, rc.posted_at, rc.created_at, rc.id
            limit {MOST_ALIKE}
        """),  # noqa: S608 - constants of this module
        {"content_id": content_id},
    ).mappings()
    return [ItemText(**row) for row in rows]


def _told(connection: sa.Connection, statement: str, item: ItemText, **values: object) -> list[Told]:
    rows = connection.execute(
        sa.text(statement), {"content_id": item.content_id, "vertical_id": item.vertical_id, **values}
    ).mappings()
    names = ItemText.__dataclass_fields__
    return [Told(row["story_id"], row["claimed_as"], ItemText(**{name: row[name] for name in names})) for row in rows]


def new_story(connection: sa.Connection, canonical_id: str | None) -> UUID:
    """A story that no item tells yet, claimed already where an id is given."""
    statement = sa.text("insert into stories (canonical_id) values (:canonical_id) returning id")
    return UUID(str(connection.scalar(statement, {"canonical_id": canonical_id})))


def join(connection: sa.Connection, content_id: UUID, story_id: UUID, *, digest: str, bands: Sequence[int]) -> None:
    """The item tells that story."""
    connection.execute(
        sa.text("""
            update story_items set story_id = :story_id, digest = :digest, bands = :bands
            where content_id = :content_id
        """),
        {"content_id": content_id, "story_id": story_id, "digest": digest, "bands": list(bands)},
    )


def merge(connection: sa.Connection, unclaimed: Sequence[UUID], into: UUID) -> None:
    """The stories turned out to be one. None but `into` may be claimed."""
    values = {"unclaimed": list(unclaimed), "into": into}
    connection.execute(sa.text("update story_items set story_id = :into where story_id = any(:unclaimed)"), values)
    connection.execute(sa.text("delete from stories where id = any(:unclaimed) and canonical_id is null"), values)


def forget(connection: sa.Connection, source_id: UUID) -> None:
    """The source belongs to another vertical now: which stories its unclaimed items tell is found out anew."""
    connection.execute(
        sa.text("""
            update story_items si set story_id = null, digest = null, bands = null
            from raw_content rc
            where rc.id = si.content_id and rc.source_id = :source_id and rc.canonical_id is null
        """),
        {"source_id": source_id},
    )
