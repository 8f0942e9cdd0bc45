"""What all that is done to a post at the desk shares: its row locked, the person's permission, a sentence if refused.

Everybody locks a post first and its distributions after it. A worker holds a distribution when it wants the post, so
where a distribution may be in a worker's hands its lock is not waited for (see `editorial.withdrawal`).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NoReturn

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial.permissions import Action, PermissionDeniedError, require
from pipeline.store import reviews, takedowns
from pipeline.store.database import transaction
from pipeline.store.reviews import Reviewable
from pipeline.store.takedowns import InHandError, Version
from pipeline.store.users import User
from pipeline.vocabulary import PostStatus


class ReviewError(Exception):
    """It can't be done; the message says why and what to do. Nothing was changed."""


@contextmanager
def at_desk(
    engine: sa.Engine, canonical_id: str, person: User, action: Action, allowed: Collection[PostStatus]
) -> Iterator[tuple[sa.Connection, Reviewable]]:
    """A transaction in the person's name with the post's row locked: of two people the second waits, then sees.

    Raises:
        ReviewError: there is no such post, it is in none of the statuses, or the person may not do this with it.
    """
    with transaction(engine, person.full_name) as connection:
        yield connection, take(connection, canonical_id, person, action, allowed)


def take(
    connection: sa.Connection,
    canonical_id: str,
    person: User,
    action: Action,
    allowed: Collection[PostStatus],
    *,
    wait: bool = True,
) -> Reviewable:
    """Lock the post for the rest of the transaction. Who takes several takes them in the order of their ids, or does
    not wait for the later ones.

    Raises:
        ReviewError: there is no such post, it is in none of the statuses, the person may not do this with it, or
            somebody else has it and is not waited for.
    """
    try:
        post = reviews.lock(connection, canonical_id, wait=wait)
    except InHandError:
        raise ReviewError(f"Somebody works on {canonical_id} at this moment. Try again in a few seconds.") from None
    if post is None:
        raise ReviewError(f"There is no post {canonical_id}; `pressroom review` lists those that wait.")
    try:
        require(person, action, author_id=post.author_id)
    except PermissionDeniedError as error:
        raise ReviewError(str(error)) from None
    if post.status not in allowed:
        _refuse_status(post, action, allowed)
    return post


def versions_of(connection: sa.Connection, post: Reviewable) -> list[Version]:
    """The versions of a post that is taken, the home first, locked. Raises: ReviewError: somebody else has one."""
    try:
        return takedowns.lock_versions(connection, post.id)
    except InHandError:
        raise ReviewError(
            f"A version of {post.canonical_id} is being sent or changed at this moment. Try again in a few seconds."
        ) from None


def refuse_other_revision(post: Reviewable, seen: int | None) -> None:
    """Raises: ReviewError: the text is not the one that the person saw."""
    if seen is not None and post.revision != seen:
        raise ReviewError(
            f"{post.canonical_id} is at revision {post.revision} now, not {seen}. See what changed: pressroom review "
            f"diff {post.canonical_id} --from {min(seen, post.revision)}"
        )


def required(note: str) -> str:
    """The note, without spaces around it. Raises: ReviewError: there is none."""
    if not note.strip():
        raise ReviewError("Say why, with --note: it is kept in the log, and it is what the others work from.")
    return note.strip()


def time_of(post: Reviewable, at: str | None) -> datetime:
    """A time as a person writes it, local to the post's vertical unless it says otherwise; now where there is none.

    Raises:
        ReviewError: it can't be read, or is past.
    """
    now = datetime.now(UTC)
    if at is None:
        return now
    try:
        moment = clock.parse(at, post.timezone)
    except clock.TimeError as error:
        raise ReviewError(str(error)) from None
    if moment < now:
        raise ReviewError(f"{at} ({post.timezone} unless it says otherwise) is past. To publish at once: --at now.")
    return moment


def _refuse_status(post: Reviewable, action: Action, allowed: Collection[PostStatus]) -> NoReturn:
    where = " or ".join(sorted(allowed))
    raise ReviewError(f"{post.canonical_id} is {post.status}; to {action} takes a post that is {where}.")
