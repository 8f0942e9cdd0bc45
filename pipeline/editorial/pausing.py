"""Keeping back all of a vertical for a while: nothing of it goes out, and everything keeps its time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import desk
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.permissions import Action, PermissionDeniedError, require
from pipeline.store import pauses, verticals
from pipeline.store.database import transaction
from pipeline.store.users import User


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is scheduled of a vertical, and for how much of it it is time already. `since`: when the pause began."""

    scheduled: int
    due: int
    since: datetime | None = None


def pause(engine: sa.Engine, slug: str, publisher: User, note: str) -> Waiting:
    """Keep back all of a vertical that is not on its way. Raises: ReviewError: no reason, or it is paused already."""
    said = desk.required(note)
    with transaction(engine, publisher.full_name) as connection:
        vertical_id = _permitted(connection, slug, publisher)
        present = pauses.lock(connection, vertical_id)
        if present is not None:
            raise ReviewError(
                f"{slug} is paused since {present.since:%Y-%m-%d %H:%M} UTC ({present.reason}). To end that: pressroom "
                f"schedule resume {slug}"
            )
        pauses.begin(connection, vertical_id, f"{said} ({publisher.full_name})")
        return Waiting(*pauses.waiting(connection, vertical_id))


def resume(engine: sa.Engine, slug: str, publisher: User) -> Waiting:
    """Let a vertical go on. What has become late meanwhile goes by its accounts' lateness policies.

    Raises:
        ReviewError: it is not paused.
    """
    with transaction(engine, publisher.full_name) as connection:
        vertical_id = _permitted(connection, slug, publisher)
        present = pauses.lock(connection, vertical_id)
        if present is None:
            raise ReviewError(f"{slug} is not paused.")
        pauses.end(connection, vertical_id)
        return Waiting(*pauses.waiting(connection, vertical_id), since=present.since)


def _permitted(connection: sa.Connection, slug: str, publisher: User) -> UUID:
    try:
        require(publisher, Action.RESCHEDULE)
        return verticals.vertical(connection, slug).id
    except (PermissionDeniedError, verticals.UnknownVerticalError) as error:
        raise ReviewError(str(error)) from None
