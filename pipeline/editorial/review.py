"""The human gate: what a reviewer may do with a post, and what an approval binds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.seo import check_post
from pipeline.store import reviews
from pipeline.store.database import transaction
from pipeline.store.reviews import Reviewable
from pipeline.store.users import User
from pipeline.vocabulary import PostStatus, ReviewDecision, UserRole

_MAY_REVIEW = {UserRole.REVIEWER, UserRole.ADMIN}


class ReviewError(Exception):
    """The decision can't be taken; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Approval:
    canonical_id: str
    scheduled_at: datetime
    versions: int
    """How many distributions were scheduled with it."""


def approve(engine: sa.Engine, canonical_id: str, reviewer: User, *, at: str | None = None, note: str = "") -> Approval:
    """Approve a post in review: bind the hash of each of its versions and schedule them.

    `at` is a time as a person writes it, local to the post's vertical unless it carries an offset; without one the
    post goes out as soon as it can.

    Raises:
        ReviewError: not in review, not a reviewer, the reviewer's own draft, unchecked or blocked by a finding,
            nothing to publish, or a time that is unreadable or past.
    """
    with _deciding(engine, canonical_id, reviewer, {PostStatus.REVIEW}) as (connection, post):
        if post.author_id == reviewer.id:
            raise ReviewError(f"{reviewer.full_name} wrote {canonical_id}: somebody else must approve it.")
        _refuse_blocked(post)
        scheduled_at = _time_of(post, at)
        review_id = reviews.record(connection, post, reviewer.id, ReviewDecision.APPROVED, note)
        versions = reviews.approve_versions(
            connection,
            post.id,
            review_id,
            at=scheduled_at,
            local=clock.local(scheduled_at, post.timezone),
            zone=post.timezone,
        )
        if not versions:
            raise ReviewError(f"{canonical_id} has no version to publish: no account takes posts of its vertical.")
        reviews.set_status(
            connection,
            post.id,
            PostStatus.SCHEDULED,
            scheduled_at=scheduled_at,
            human_reviewed=True,
            reviewed_by=reviewer.id,
            reviewed_at=sa.func.now(),
        )
    return Approval(canonical_id, scheduled_at, versions)


def revise(engine: sa.Engine, canonical_id: str, editor: User, content: str) -> None:
    """Replace the text of a post that is not approved yet, and check it again. Its versions are the planner's to renew.

    Raises:
        ReviewError: it is approved already, the editor has no such role, or there is no text.
    """
    if not content.strip():
        raise ReviewError("The text is empty; to drop the post, reject it.")
    with _deciding(engine, canonical_id, editor, {PostStatus.DRAFT, PostStatus.REVIEW}) as (connection, post):
        reviews.replace_text(
            connection,
            post.id,
            content=content,
            content_hash=post_content_hash(
                title=post.title,
                slug=post.slug,
                content=content,
                excerpt=post.excerpt,
                meta_title=post.meta_title,
                meta_description=post.meta_description,
                featured_image_url=post.featured_image_url,
            ),
        )
    check_post(engine, canonical_id)


def request_changes(engine: sa.Engine, canonical_id: str, reviewer: User, note: str) -> None:
    """Back to draft, with a note for the writer. Raises: ReviewError."""
    with _deciding(engine, canonical_id, reviewer, {PostStatus.REVIEW}) as (connection, post):
        reviews.record(connection, post, reviewer.id, ReviewDecision.CHANGES_REQUESTED, _required(note))
        reviews.set_status(connection, post.id, PostStatus.DRAFT)


def reject(engine: sa.Engine, canonical_id: str, reviewer: User, note: str) -> None:
    """Archive a post that will not be published, with the reason. Raises: ReviewError."""
    with _deciding(engine, canonical_id, reviewer, {PostStatus.DRAFT, PostStatus.REVIEW}) as (connection, post):
        reviews.record(connection, post, reviewer.id, ReviewDecision.REJECTED, _required(note))
        reviews.cancel_versions(connection, post.id)
        reviews.set_status(
            connection,
            post.id,
            PostStatus.ARCHIVED,
            human_reviewed=True,
            reviewed_by=reviewer.id,
            reviewed_at=sa.func.now(),
        )


@contextmanager
def _deciding(
    engine: sa.Engine, canonical_id: str, reviewer: User, allowed: set[PostStatus]
) -> Iterator[tuple[sa.Connection, Reviewable]]:
    if not _MAY_REVIEW & reviewer.roles:
        raise ReviewError(f"{reviewer.full_name} is not a reviewer.")
    with transaction(engine, reviewer.full_name) as connection:
        post = reviews.lock(connection, canonical_id)
        if post is None:
            raise ReviewError(f"There is no post {canonical_id}; `pressroom review` lists those that wait.")
        if post.status not in allowed:
            raise ReviewError(
                f"{canonical_id} is {post.status}; only a post in {' or '.join(sorted(allowed))} can be decided on."
            )
        yield connection, post


def _refuse_blocked(post: Reviewable) -> None:
    if post.findings is None:
        raise ReviewError(
            f"{post.canonical_id} has no SEO report for its present text; materialize `seo_report` for it first."
        )
    blocking = [finding["message"] for finding in post.findings if finding["severity"] == "blocking"]
    if blocking:
        raise ReviewError(f"{post.canonical_id} can't be approved yet: {'; '.join(blocking)}")


def _time_of(post: Reviewable, at: str | None) -> datetime:
    now = datetime.now(UTC)
    if at is None:
        return now
    try:
        moment = clock.parse(at, post.timezone)
    except clock.TimeError as error:
        raise ReviewError(str(error)) from None
    if moment < now:
        raise ReviewError(f"{at} ({post.timezone} unless it says otherwise) is past; leave --at away to publish now.")
    return moment


def _required(note: str) -> str:
    if not note.strip():
        raise ReviewError("Say why: the note is what the writer works from.")
    return note.strip()
