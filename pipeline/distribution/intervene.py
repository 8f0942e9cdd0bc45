"""What a person may do with a distribution, whatever state it is in: retry, cancel, hold, release, mark as published.

Each distribution is changed in a transaction of its own, whole or not at all, and in the person's name. One that a
worker has in hand is left alone. Nothing is put into the queue that no valid approval is about.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

import sqlalchemy as sa

from pipeline import clock
from pipeline.distribution.hashing import version_hash
from pipeline.platforms.permalinks import PermalinkError, external_id
from pipeline.store import alerts, interventions, overview
from pipeline.store.announcements import Announce, announce_published
from pipeline.store.calendar import TakenError
from pipeline.store.database import transaction
from pipeline.store.interventions import Intervenable
from pipeline.vocabulary import AlertKind, DistributionStatus, PostStatus

_DECIDED: Final = (AlertKind.FAILED, AlertKind.UNKNOWN, AlertKind.HELD)
_CLOCK_SKEW: Final = timedelta(minutes=1)

_POSSIBLE: Final = {
    DistributionStatus.DRAFT: "it waits for its approval: pressroom review",
    DistributionStatus.SCHEDULED: "it can be held (and then released, or marked as published) or cancelled",
    DistributionStatus.PUBLISHED: "it is live, and that is not undone here",
    DistributionStatus.FAILED: "it can be retried, marked as published or cancelled",
    DistributionStatus.UNKNOWN: "it may be live: it can be marked as published, or, once you looked and it is not "
    "there, retried or cancelled",
    DistributionStatus.HELD: "it can be released, marked as published or cancelled",
    DistributionStatus.CANCELLED: "that is for good",
}


class InterventionError(Exception):
    """It can't be done; the message names the item, says why and what can be done. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one intervention. `message` is for a person; `account_key` is None where nothing was found."""

    reference: str
    changed: bool
    message: str
    account_key: str | None = None


_Change = Callable[[sa.Connection, Intervenable], None]


def retry(
    engine: sa.Engine,
    references: Sequence[str],
    actor: str,
    *,
    at: str | None = None,
    not_there: bool = False,
    reason: str | None = None,
) -> list[Result]:
    """Send again what failed, or what may be live and is not, now or at a time local to the distribution's zone.

    `not_there` is the person's word that an unknown one is not on the platform. It goes out after its settle time all
    the same: until then a worker that lost its lease may still send it.
    """

    def change(connection: sa.Connection, item: Intervenable) -> None:
        _require(item, "retried", DistributionStatus.FAILED, DistributionStatus.UNKNOWN)
        _require_absence(item, not_there=not_there)
        _require_approval(item)
        when = _time_of(item, at)
        exactly = _exactly(at, references)
        if item.settle_until is not None and item.settle_until > when:
            when, exactly = item.settle_until, False
        interventions.schedule(connection, item, at=when, exactly=exactly, reason=reason or f"tried again by {actor}")

    return _each(engine, references, actor, change)


def release(
    engine: sa.Engine, references: Sequence[str], actor: str, *, at: str | None = None, reason: str | None = None
) -> list[Result]:
    """Let go out what is held, now or at a time local to the distribution's zone.

    That time is the intended one from then on. So a post that was held because it was late is not held again: whoever
    releases it has said that it may go out then.
    """

    def change(connection: sa.Connection, item: Intervenable) -> None:
        _require(item, "released", DistributionStatus.HELD)
        _require_approval(item)
        interventions.schedule(
            connection,
            item,
            at=_time_of(item, at),
            exactly=_exactly(at, references),
            reason=reason or f"released by {actor}",
        )

    return _each(engine, references, actor, change)


def hold(engine: sa.Engine, references: Sequence[str], actor: str, *, reason: str) -> list[Result]:
    """Keep back what is scheduled until somebody releases it."""
    said = _required(reason)

    def change(connection: sa.Connection, item: Intervenable) -> None:
        _require(item, "held", DistributionStatus.SCHEDULED)
        interventions.hold(connection, item.id, reason=said)

    return _each(engine, references, actor, change)


def cancel(
    engine: sa.Engine, references: Sequence[str], actor: str, *, reason: str, not_there: bool = False
) -> list[Result]:
    """Give up for good what is not out; of an unknown one the person must say that it is not there."""
    said = _required(reason)

    def change(connection: sa.Connection, item: Intervenable) -> None:
        _require(
            item,
            "cancelled",
            DistributionStatus.DRAFT,
            DistributionStatus.SCHEDULED,
            DistributionStatus.HELD,
            DistributionStatus.FAILED,
            DistributionStatus.UNKNOWN,
        )
        _require_absence(item, not_there=not_there)
        interventions.cancel(connection, item.id, reason=said)

    return _each(engine, references, actor, change)


def mark_published(
    engine: sa.Engine,
    reference: str,
    actor: str,
    *,
    url: str,
    platform_id: str | None = None,
    at: str | None = None,
    announce: Announce,
) -> Result:
    """Write down that it is live at `url`, because a person found it there or put it there.

    `platform_id` is needed only where neither the address nor an earlier attempt tells it. Without a time, an unknown
    one went out when it was last tried, any other now.
    """

    def change(connection: sa.Connection, item: Intervenable) -> None:
        _require(
            item,
            "marked as published",
            DistributionStatus.FAILED,
            DistributionStatus.UNKNOWN,
            DistributionStatus.HELD,
        )
        try:
            known_as = external_id(item.platform, url, item.handles, platform_id)
        except PermalinkError as error:
            raise InterventionError(f"{_name(item)}: {error}") from None
        namesake = interventions.namesake(connection, item, known_as)
        if namesake is not None:
            raise InterventionError(
                f"{_name(item)} can't be {known_as} on {item.account_key}: that is another distribution, {namesake}."
            )
        interventions.publish(
            connection, item.id, external_id=known_as, external_url=url, published_at=_published_at(item, at)
        )
        announce_published(connection, [item.id], announce)

    (result,) = _each(engine, [reference], actor, change)
    return result


def _each(engine: sa.Engine, references: Sequence[str], actor: str, change: _Change) -> list[Result]:
    return [_one(engine, reference, actor, change) for reference in dict.fromkeys(references)]


def _one(engine: sa.Engine, reference: str, actor: str, change: _Change) -> Result:
    item = None
    try:
        with transaction(engine, actor) as connection:
            item = _locked(connection, reference)
            change(connection, item)
            now = overview.distribution(connection, item.id)
            _end_alerts(connection, item, now.status)
    except (InterventionError, TakenError) as error:
        return Result(reference, changed=False, message=str(error), account_key=item.account_key if item else None)
    except sa.exc.DBAPIError as error:
        why = str(error.orig).partition("\n")[0]
        return Result(reference, changed=False, message=f"{reference}: the database refused it, try again: {why}")
    message = f"{_name(item)} is {now.status}" + (f". {now.next_step}" if now.next_step else f": {now.what}")
    return Result(reference, changed=True, message=message, account_key=item.account_key)


def _end_alerts(connection: sa.Connection, item: Intervenable, status: str) -> None:
    if status in (DistributionStatus.PUBLISHED, DistributionStatus.CANCELLED):
        alerts.resolve_all_about(connection, [item.id])
        return
    for kind in _DECIDED:  # what was foreseen of it still holds
        alerts.resolve(connection, kind, alerts.about(item.id))


def _locked(connection: sa.Connection, reference: str) -> Intervenable:
    """Raises: InterventionError: the reference names none, or several, or a worker has it in hand."""
    found = overview.ids_beginning(connection, reference, limit=2)
    if not found and interventions.is_post(connection, reference):
        raise InterventionError(
            f"{reference!r} is a post. Name those of its distributions that you mean; to see them: "
            f"pressroom distributions {reference}"
        )
    if not found:
        raise InterventionError(f"No distribution's id begins with {reference!r}: pressroom distributions lists them.")
    if len(found) > 1:
        raise InterventionError(f"More than one distribution's id begins with {reference!r}: give more of it.")
    item = interventions.lock(connection, found[0])
    if item.status == DistributionStatus.PUBLISHING:
        _refuse_in_hand(item)
    return item


def _refuse_in_hand(item: Intervenable) -> NoReturn:
    until = f"{item.lease_until:%Y-%m-%d %H:%M:%S} UTC"
    if item.is_leased:
        raise InterventionError(
            f"{_name(item)} is being sent at this moment by {item.leased_by}, whose lease lasts until {until}. "
            "Wait for its outcome."
        )
    raise InterventionError(
        f"{_name(item)} was being sent by {item.leased_by}, which went silent: its lease ran out {until}. The job "
        "reconcile makes it unknown and asks the platform; wait for that, or start the job."
    )


def _require(item: Intervenable, done: str, *statuses: DistributionStatus) -> None:
    if item.status not in statuses:
        where = f" at {item.external_url}" if item.external_url else ""
        raise InterventionError(f"{_name(item)} is {item.status}{where} and can't be {done}: {_POSSIBLE[item.status]}.")


def _require_absence(item: Intervenable, *, not_there: bool) -> None:
    if item.status == DistributionStatus.UNKNOWN and not not_there:
        raise InterventionError(
            f"{_name(item)} may be live. Look on {item.account_key}: if it is there, mark it as published; if it is "
            "not, say so (--not-there, or not_there in the form)."
        )


def _require_approval(item: Intervenable) -> None:
    if item.approved_hash is None:
        reason = "was never approved"
    elif version_hash(item) != item.approved_hash:
        reason = "does not say any more what was approved"
    elif item.post_status not in (None, PostStatus.SCHEDULED, PostStatus.PUBLISHED):
        reason = f"belongs to a post that is {item.post_status}"
    else:
        return
    if item.post_status in (PostStatus.DRAFT, PostStatus.REVIEW):
        what = f"Change or approve the post first: pressroom review show {item.canonical_id}"
    else:
        what = "It can be cancelled, or published by hand and marked as published."
    raise InterventionError(f"{_name(item)} {reason}, so it is not sent. {what}")


def _time_of(item: Intervenable, at: str | None) -> datetime:
    now = datetime.now(UTC)
    if at is None:
        return now
    moment = _instant(item, at)
    if moment < now:
        raise InterventionError(
            f"{_name(item)}: {at} ({item.timezone} unless it says otherwise) is past; without a time it goes out now."
        )
    return moment


def _exactly(at: str | None, references: Sequence[str]) -> bool:
    """Whether an instant was meant. One time for several says when the first goes out; the others queue behind it."""
    return at is not None and len(set(references)) == 1


def _published_at(item: Intervenable, at: str | None) -> datetime:
    now = datetime.now(UTC)
    if at is None:
        return item.last_attempt_at or now if item.status == DistributionStatus.UNKNOWN else now
    moment = _instant(item, at)
    if moment > now + _CLOCK_SKEW:
        raise InterventionError(f"{_name(item)} can't be live since {at} ({item.timezone}): that is still to come.")
    return moment


def _instant(item: Intervenable, at: str) -> datetime:
    try:
        return clock.parse(at, item.timezone)
    except clock.TimeError as error:
        raise InterventionError(f"{_name(item)}: {error}") from None


def _required(reason: str) -> str:
    if not reason.strip():
        raise InterventionError("Say why: the reason is shown wherever the post is.")
    return reason.strip()


def _name(item: Intervenable) -> str:
    return f"“{item.known_as}” on {item.account_key} ({str(item.id)[:8]})"
