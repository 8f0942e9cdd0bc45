"""The publications: what each is called, and how it sounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import publisher_verticals

_v = publisher_verticals.c


class UnknownVerticalError(LookupError):
    """No vertical has that slug."""


@dataclass(frozen=True, slots=True)
class Vertical:
    id: UUID
    slug: str
    name: str
    base_url: str
    language: str
    is_active: bool
    voice_profile: Mapping[str, Any]
    timezone: str
    site_buffer_minutes: int
    story_spacing_minutes: int
    topic_gap_hours: int


def all_verticals(connection: sa.Connection) -> list[Vertical]:
    return [Vertical(*row) for row in connection.execute(_select().order_by(_v.slug))]


def vertical(connection: sa.Connection, slug: str) -> Vertical:
    """Raises: UnknownVerticalError, which names those there are."""
    row = connection.execute(_select().where(_v.slug == slug)).one_or_none()
    if row is None:
        known = ", ".join(connection.scalars(sa.select(_v.slug).order_by(_v.slug))) or "none"
        raise UnknownVerticalError(f"There is no vertical {slug!r}; there are: {known}.")
    return Vertical(*row)


def set_voice(connection: sa.Connection, vertical_id: UUID, voice_profile: Mapping[str, Any]) -> None:
    connection.execute(
        publisher_verticals.update().where(_v.id == vertical_id).values(voice_profile=dict(voice_profile))
    )


def set_manners(connection: sa.Connection, vertical_id: UUID, manners: Mapping[str, int]) -> None:
    """How its posts keep apart: what changes of `site_buffer_minutes`, `story_spacing_minutes`, `topic_gap_hours`."""
    connection.execute(publisher_verticals.update().where(_v.id == vertical_id).values(**manners))


def _select() -> "sa.Select[Any]":
    return sa.select(*(_v[name] for name in Vertical.__dataclass_fields__))
