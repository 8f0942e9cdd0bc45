"""The publisher's part: taking an approval back, taking a post out of the world.

A worker locks a distribution before its post. Here it is the other way round, so the distributions' locks are not
waited for: who meets a worker there is told to try again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from pipeline.editorial import desk, linking
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.permissions import Action
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store import reviews, takedowns
from pipeline.store.reviews import Reviewable
from pipeline.store.takedowns import Version
from pipeline.store.users import User
from pipeline.vocabulary import DistributionStatus, PostStatus

_ON_ITS_WAY: Final = {DistributionStatus.PUBLISHING, DistributionStatus.UNKNOWN}
_OUT: Final = {DistributionStatus.PUBLISHED}


@dataclass(frozen=True, slots=True)
class Archival:
    """What becomes of the versions of a post that was archived, by the accounts' keys."""

    coming_down: Sequence[str] = ()
    """Published; the outbox has them taken down."""
    staying: dict[str, str] = field(default_factory=dict)
    """Published, and not to be taken down by a program: why."""
    cancelled: Sequence[str] = ()
    on_the_way: Sequence[str] = ()
    """Being sent, or unknown whether they are out: taken down when they prove to be."""
    linked_from: Sequence[str] = ()
    """Published posts with a link to its page, by their ids."""
    retold_by: Sequence[str] = ()
    """Posts that tell it again in another form and lead to its page, by their ids."""


def unschedule(engine: sa.Engine, canonical_id: str, publisher: User, note: str) -> int:
    """Take an approval back: the post waits for review again, its versions are drafts. Returns how many.

    Raises:
        ReviewError: not scheduled, not a publisher, no reason, or a version is out or on its way.
    """
    with _withdrawing(engine, canonical_id, publisher, Action.UNSCHEDULE, {PostStatus.SCHEDULED}) as (
        connection,
        post,
        versions,
    ):
        said = desk.required(note)
        for version in versions:
            if version.status in _ON_ITS_WAY | _OUT:
                raise ReviewError(
                    f"{canonical_id} is {version.status} on {version.account_key}: its approval can't be taken back. "
                    f"To take down what is out: pressroom review archive {canonical_id}"
                )
        count = takedowns.back_to_draft(connection, post.id)
        reviews.set_status(
            connection,
            post.id,
            PostStatus.REVIEW,
            note=said,
            scheduled_at=None,
            human_reviewed=False,
            reviewed_by=None,
            reviewed_at=None,
        )
    return count


def archive(engine: sa.Engine, canonical_id: str, publisher: User, note: str) -> Archival:
    """Take a post out of the world, whatever state it is in: what is live comes down, what is not is given up.

    Raises:
        ReviewError: archived already, not a publisher, no reason, or a version is being written to at this moment.
    """
    with engine.connect() as connection:  # it reads many texts, and nobody is to wait for that
        linked_from = sorted({link.canonical_id for link in linking.links_to(connection, canonical_id)})
    allowed = set(PostStatus) - {PostStatus.ARCHIVED}
    with _withdrawing(engine, canonical_id, publisher, Action.ARCHIVE, allowed) as (connection, post, versions):
        said = desk.required(note)
        live = [version for version in versions if version.status in _OUT and not version.is_down]
        staying = {version.account_key: reason for version in live if (reason := _stays(version))}
        coming_down = [version for version in live if version.account_key not in staying]
        for version in coming_down:
            takedowns.ask(connection, version.id, version.account_key)
        for version in live:
            if reason := staying.get(version.account_key):
                takedowns.not_taken_down(connection, version.id, reason)
        cancelled = reviews.cancel_versions(connection, post.id, reason=f"its post was archived: {said}")
        retold_by = reviews.retellings(connection, post.id)
        reviews.set_status(connection, post.id, PostStatus.ARCHIVED, note=said)
    return Archival(
        [version.account_key for version in coming_down],
        staying,
        cancelled,
        [version.account_key for version in versions if version.status in _ON_ITS_WAY],
        linked_from,
        retold_by,
    )


@contextmanager
def _withdrawing(
    engine: sa.Engine, canonical_id: str, publisher: User, action: Action, allowed: set[PostStatus]
) -> Iterator[tuple[sa.Connection, Reviewable, Sequence[Version]]]:
    with desk.at_desk(engine, canonical_id, publisher, action, allowed) as (connection, post):
        yield connection, post, desk.versions_of(connection, post)


def _stays(version: Version) -> str | None:
    """Why the platform can't be asked to take it down; None where it can."""
    try:
        adapter = adapter_class(version.platform)
    except UnknownPlatformError as error:
        return str(error)
    if adapter.capabilities.delete:
        return None
    return f"{adapter.title} does not let a program take down what is published"
