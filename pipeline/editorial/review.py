"""The human gate: what a reviewer may do with a post, and what an approval binds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.seo import check_post
from pipeline.store import posting_hours, reviews
from pipeline.store.database import transaction
from pipeline.store.reviews import Reviewable, ScheduledVersion, WaitingVersion
from pipeline.store.users import User
from pipeline.timing import DEFAULT_HOURS, Destination, Timing, intended_times
from pipeline.vocabulary import PostStatus, ReviewDecision, TimingStrategy, UserRole

_MAY_REVIEW = {UserRole.REVIEWER, UserRole.ADMIN}


class ReviewError(Exception):
    """The decision can't be taken; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved for `scheduled_at`, and what stays behind because its platform would refuse it."""

    canonical_id: str
    scheduled_at: datetime
    timing: Timing
    versions: Sequence[ScheduledVersion]
    """Home first, then by account."""
    held: Sequence[WaitingVersion]


def approve(
    engine: sa.Engine,
    canonical_id: str,
    reviewer: User,
    *,
    at: str | None = None,
    timing: TimingStrategy | None = None,
    stagger_minutes: int | None = None,
    note: str = "",
) -> Approval:
    """Approve a post in review: bind the hash of each of its versions and schedule them.

    `at` is a time as a person writes it, local to the post's vertical unless it carries an offset; without one the
    post goes out as soon as it can. `timing` says how the other accounts follow the home (`pipeline.timing`); without
    it the post's group keeps the one it has.

    Raises:
        ReviewError: not in review, not a reviewer, the reviewer's own draft, unchecked or blocked by a finding,
            nothing to publish or no home to publish it on, or a time that is unreadable or past.
    """
    with _deciding(engine, canonical_id, reviewer, {PostStatus.REVIEW}) as (connection, post):
        if post.author_id == reviewer.id:
            raise ReviewError(f"{reviewer.full_name} wrote {canonical_id}: somebody else must approve it.")
        _refuse_blocked(post)
        scheduled_at = _time_of(post, at)
        chosen = _timing(reviews.timing_of(connection, post.id), timing, stagger_minutes)
        waiting = reviews.lock_waiting_versions(connection, post.id)
        drafted = _publishable(canonical_id, waiting)
        times = intended_times(chosen, scheduled_at, _destinations(connection, chosen.strategy, drafted))
        review_id = reviews.record(connection, post, reviewer.id, ReviewDecision.APPROVED, note)
        versions = reviews.approve_versions(connection, review_id, list(zip(drafted, times, strict=True)))
        reviews.set_timing(connection, post.id, chosen)  # last: groups are locked after their distributions
        reviews.set_status(
            connection,
            post.id,
            PostStatus.SCHEDULED,
            scheduled_at=scheduled_at,
            human_reviewed=True,
            reviewed_by=reviewer.id,
            reviewed_at=sa.func.now(),
        )
    return Approval(
        canonical_id, scheduled_at, chosen, versions, [version for version in waiting if version.hold_reason]
    )


def revise(engine: sa.Engine, canonical_id: str, editor: User, content: str) -> None:
    """Replace the text of a post that is not approved yet, and check it again. Its versions are the planner's to renew.

    Raises:
        ReviewError: it is approved already, there is no text, or the editor is neither a reviewer nor its author.
    """
    if not content.strip():
        raise ReviewError("The text is empty; to drop the post, reject it.")
    with _locked(engine, canonical_id, editor, {PostStatus.DRAFT, PostStatus.REVIEW}) as (connection, post):
        if post.author_id != editor.id:
            _require_reviewer(editor)
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
    _require_reviewer(reviewer)
    with _locked(engine, canonical_id, reviewer, allowed) as locked:
        yield locked


@contextmanager
def _locked(
    engine: sa.Engine, canonical_id: str, person: User, allowed: set[PostStatus]
) -> Iterator[tuple[sa.Connection, Reviewable]]:
    with transaction(engine, person.full_name) as connection:
        post = reviews.lock(connection, canonical_id)
        if post is None:
            raise ReviewError(f"There is no post {canonical_id}; `pressroom review` lists those that wait.")
        if post.status not in allowed:
            raise ReviewError(
                f"{canonical_id} is {post.status}; only a post in {' or '.join(sorted(allowed))} can be decided on."
            )
        yield connection, post


def _require_reviewer(person: User) -> None:
    if not _MAY_REVIEW & person.roles:
        raise ReviewError(f"{person.full_name} is not a reviewer.")


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


def _timing(present: Timing, strategy: TimingStrategy | None, stagger_minutes: int | None) -> Timing:
    if strategy is None:
        strategy = TimingStrategy.STAGGERED if stagger_minutes is not None else present.strategy
    if strategy != TimingStrategy.STAGGERED:
        if stagger_minutes is not None:
            raise ReviewError(f"Minutes between the accounts belong to staggered timing, not to {strategy}.")
        return Timing(strategy)
    stagger = present.stagger if stagger_minutes is None else timedelta(minutes=stagger_minutes)
    if stagger < timedelta(minutes=1):
        raise ReviewError("Say how many minutes, at least 1, lie between the accounts: --stagger 15.")
    return Timing(strategy, stagger)


def _publishable(canonical_id: str, waiting: Sequence[WaitingVersion]) -> list[WaitingVersion]:
    """The drafted ones, and a refusal where the home's own is held: the others would wait for it for ever."""
    for version in waiting:
        if version.is_home and version.hold_reason:
            raise ReviewError(
                f"The home page of {canonical_id} can't be published as it is ({version.account_key}: "
                f"{version.hold_reason})."
            )
    drafted = [version for version in waiting if not version.hold_reason]
    if not drafted:
        held = "; ".join(f"{version.account_key}: {version.hold_reason}" for version in waiting)
        raise ReviewError(
            f"{canonical_id} has no version to publish: {held or 'no account takes posts of its vertical'}."
        )
    return drafted


def _destinations(
    connection: sa.Connection, strategy: TimingStrategy, versions: Sequence[WaitingVersion]
) -> list[Destination]:
    learned = {}
    if strategy == TimingStrategy.OPTIMIZED:
        try:
            learned = posting_hours.learned(connection, [version.platform_id for version in versions])
        except posting_hours.PostingHoursError as error:
            raise ReviewError(str(error)) from None
    return [
        Destination(
            version.timezone,
            version.is_home,
            learned.get(version.platform_id, DEFAULT_HOURS.get(version.platform, frozenset())),
        )
        for version in versions
    ]


def _required(note: str) -> str:
    if not note.strip():
        raise ReviewError("Say why: the note is what the writer works from.")
    return note.strip()
