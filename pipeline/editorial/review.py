"""The human gate: what a reviewer may do with a post, and what an approval binds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import checklist, desk, placing
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.permissions import Action
from pipeline.scheduling import outlook
from pipeline.scheduling.model import Version
from pipeline.store import calendar, posts, review_checks, reviews
from pipeline.store.calendar import Booking
from pipeline.store.posts import UnknownPostError
from pipeline.store.reviews import ApprovedVersion, Reviewable, ScheduledVersion, WaitingVersion
from pipeline.store.users import User
from pipeline.timing import Timing, offsets
from pipeline.vocabulary import PostStatus, ReviewDecision, ReviewItem, TimingStrategy


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved for `scheduled_at`, and what stays behind because its platform would refuse it."""

    canonical_id: str
    revision: int
    scheduled_at: datetime
    timing: Timing
    versions: Sequence[ScheduledVersion]
    """Home first, then by account."""
    held: Sequence[WaitingVersion]
    doubts: Sequence[str]
    """What the reviewer should know of the times: limits that put them, or others, off; hours that are closed."""


def approve(
    engine: sa.Engine,
    canonical_id: str,
    reviewer: User,
    *,
    checked: Collection[ReviewItem] = (),
    revision: int | None = None,
    at: str | None = None,
    timing: TimingStrategy | None = None,
    stagger_minutes: int | None = None,
    note: str = "",
) -> Approval:
    """Approve a post in review: bind the hash of each of its versions and schedule them.

    `checked` are the items of the checklist that the reviewer confirms with this; with those that were confirmed before
    of the same text they must be all. `revision` is the one that the reviewer saw. `at` is a time as a person writes
    it, local to the post's vertical unless it carries an offset; "best" has it chosen; without one the post goes out
    as soon as it can. `timing` says how the other accounts follow the home (`pipeline.timing`); without it the post's
    group keeps the one it has.

    Raises:
        ReviewError: not in review, not a reviewer, the reviewer's own draft, another revision, an item that nobody has
            confirmed, a blocking finding, nothing to publish or no home to publish it on, a time that is unreadable,
            past or another post's, or none that can be chosen.
    """
    try:
        checklist.run(engine, canonical_id)
    except UnknownPostError as error:
        raise ReviewError(str(error)) from None
    if _is_chosen(engine, canonical_id, at, timing):
        placing.make_calendars(engine, now=datetime.now(UTC))
    with desk.at_desk(engine, canonical_id, reviewer, Action.APPROVE, {PostStatus.REVIEW}) as (connection, post):
        desk.refuse_other_revision(post, revision)
        _require_original(post)
        _settle_checklist(connection, post, reviewer, checked)
        chosen = _timing(reviews.timing_of(connection, post.id), timing, stagger_minutes)
        waiting = reviews.lock_waiting_versions(connection, post.id)
        drafted = _publishable(canonical_id, waiting)
        timed = _placed(connection, post, drafted, chosen, at)
        scheduled_at = min(each.at for each in timed)
        review_id = reviews.record(connection, post, reviewer.id, ReviewDecision.APPROVED, note)
        versions = reviews.approve_versions(connection, review_id, timed)
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
        doubts = placing.doubts(connection, [post.id], now=datetime.now(UTC))
    held = [version for version in waiting if version.hold_reason]
    return Approval(canonical_id, post.revision, scheduled_at, chosen, versions, held, doubts)


def require_approvable(engine: sa.Engine, canonical_id: str, reviewer: User) -> None:
    """Raises: ReviewError: this reviewer can't approve it, whatever is confirmed."""
    with desk.at_desk(engine, canonical_id, reviewer, Action.APPROVE, {PostStatus.REVIEW}) as (_, post):
        _require_original(post)


def request_changes(
    engine: sa.Engine, canonical_id: str, reviewer: User, note: str, *, revision: int | None = None
) -> None:
    """Back to draft, with a note for the writer. Raises: ReviewError."""
    with desk.at_desk(engine, canonical_id, reviewer, Action.REQUEST_CHANGES, {PostStatus.REVIEW}) as (
        connection,
        post,
    ):
        desk.refuse_other_revision(post, revision)
        said = desk.required(note)
        reviews.record(connection, post, reviewer.id, ReviewDecision.CHANGES_REQUESTED, said)
        reviews.set_status(connection, post.id, PostStatus.DRAFT)


def reject(engine: sa.Engine, canonical_id: str, reviewer: User, note: str) -> None:
    """Archive a post that will not be published, with the reason. Raises: ReviewError."""
    allowed = {PostStatus.DRAFT, PostStatus.REVIEW}
    with desk.at_desk(engine, canonical_id, reviewer, Action.REJECT, allowed) as (connection, post):
        said = desk.required(note)
        reviews.record(connection, post, reviewer.id, ReviewDecision.REJECTED, said)
        reviews.cancel_versions(connection, post.id, reason=f"rejected: {said}")
        reviews.set_status(
            connection,
            post.id,
            PostStatus.ARCHIVED,
            human_reviewed=True,
            reviewed_by=reviewer.id,
            reviewed_at=sa.func.now(),
        )


def _require_original(post: Reviewable) -> None:
    if post.original_status not in (None, PostStatus.PUBLISHED):
        raise ReviewError(
            f"The article that {post.canonical_id} tells again is {post.original_status}: it would lead to no page."
        )


def _settle_checklist(
    connection: sa.Connection, post: Reviewable, reviewer: User, checked: Collection[ReviewItem]
) -> None:
    """Keep what is confirmed now. Raises: ReviewError: something blocks, or nobody has looked at an item."""
    checked_hash = checklist.hash_of(post.content_hash, post.files)
    review_checks.confirm(connection, post.id, checked_hash, checked, by=reviewer.id)
    found = checklist.state(connection, post.canonical_id, post.id, checked_hash)
    if found.blocking:
        reasons = "; ".join(finding.message for finding in found.blocking)
        raise ReviewError(f"{post.canonical_id} can't be approved yet: {reasons}")
    if found.unconfirmed:
        items = ", ".join(found.unconfirmed)
        raise ReviewError(
            f"{post.canonical_id} can't be approved yet: of this text nobody has confirmed {items}. Say which you "
            f"looked at: --checked all, or --checked {found.unconfirmed[0]} and so on."
        )


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


def _is_chosen(engine: sa.Engine, canonical_id: str, at: str | None, timing: TimingStrategy | None) -> bool:
    """Whether planning will choose the time of a version."""
    if at == placing.BEST or timing is not None:
        return at == placing.BEST or timing == TimingStrategy.OPTIMIZED
    with engine.connect() as connection:
        post_id = posts.id_of(connection, canonical_id)
        return post_id is not None and reviews.timing_of(connection, post_id).strategy == TimingStrategy.OPTIMIZED


def _placed(
    connection: sa.Connection, post: Reviewable, drafted: Sequence[WaitingVersion], timing: Timing, at: str | None
) -> list[ApprovedVersion]:
    """The instant of each version, written into its account's calendar, in their order."""
    moment = None if at == placing.BEST else desk.time_of(post, at)
    calendar.in_turn(connection, [version.platform_id for version in drafted])
    at_of: dict[UUID, datetime] = {}
    if moment is not None:
        after = offsets(timing, [version.is_home for version in drafted])
        wanted = [
            Booking(version.id, version.platform_id, moment + offset, version.timezone)
            for version, offset in zip(drafted, after, strict=True)
            if offset is not None
        ]
        at_of |= _book(connection, wanted, exactly=at is not None)
    pinned = set(at_of)
    if len(at_of) < len(drafted):
        rest = [version for version in drafted if version.id not in pinned]
        home_at = next((at_of[version.id] for version in drafted if version.is_home and version.id in pinned), None)
        at_of |= _chosen(connection, post, rest, timing, home_at)
    return [ApprovedVersion(version, at_of[version.id], version.id in pinned) for version in drafted]


def _book(connection: sa.Connection, wanted: Sequence[Booking], *, exactly: bool) -> dict[UUID, datetime]:
    if not exactly:
        return {each.distribution_id: calendar.book_next_instant(connection, each) for each in wanted}
    try:
        calendar.book_exactly(connection, wanted)
    except calendar.TakenError as error:
        raise ReviewError(
            f"{error} Name another time, have one chosen (--at best), or move that one first (pressroom schedule)."
        ) from None
    return {each.distribution_id: each.at for each in wanted}


def _chosen(
    connection: sa.Connection,
    post: Reviewable,
    versions: Sequence[WaitingVersion],
    timing: Timing,
    home_at: datetime | None,
) -> dict[UUID, datetime]:
    """The instants that planning chooses for these; `home_at` is the home's, where it is not among them."""
    now = datetime.now(UTC)
    item = outlook.items_of(connection, [post.id], now=now)[post.id]
    item = replace(
        item,
        versions=[Version(version.id, version.platform_id) for version in versions],
        timing=timing,
        home_at=home_at or item.home_at,
    )
    accounts = [version.platform_id for version in versions]
    found = placing.at_their_best(
        connection, [item], accounts, lambda wanted: calendar.book(connection, wanted), now=now
    )
    return {each.distribution_id: each.at for each in found}


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
