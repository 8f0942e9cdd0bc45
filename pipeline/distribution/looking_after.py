"""What a platform holds, or may hold, compared with what is asked for: confirmed, live, gone, or taken back."""

from datetime import timedelta
from typing import Final

import structlog

from pipeline.distribution.contents import content_of
from pipeline.distribution.handover_books import Books
from pipeline.distribution.hashing import version_hash
from pipeline.distribution.reconcile import refuse_to_record
from pipeline.platforms.base import (
    Absent,
    Adapter,
    Changed,
    ChangeOutcome,
    Inconclusive,
    Journal,
    PlatformError,
    Published,
    ReconcileOutcome,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.store.handovers import Handover
from pipeline.vocabulary import DistributionStatus, ErrorKind, HandoverEnd

log = structlog.get_logger(__name__)

_SAME: Final = timedelta(seconds=1)
"""Platforms keep whole seconds."""


def look(books: Books, adapter: Adapter, item: Handover) -> str:
    """What became of it, in a word. The platform is asked where it matters: its time has come, or nobody knows."""
    stands = item.stands and item.approved_hash == item.handed_hash == version_hash(item)
    has_come = item.past >= timedelta(0)
    if has_come and item.status == DistributionStatus.PUBLISHED:
        return books.ended(item, HandoverEnd.PUBLISHED, "a person said so", again_in=None)
    if item.held_as is None or has_come:
        return _found(books, adapter, item, _asked(books, adapter, item), stands=stands)
    if stands:
        return books.unchanged(item)
    return take_back(books, adapter, item, item.held_as)


def held(books: Books, adapter: Adapter, item: Handover, answer: Scheduled, verdict: str) -> str:
    """The platform holds it; if for another time than was asked for, it must not stay there."""
    written = books.held(item, answer, verdict)
    if written != verdict or abs(answer.at - item.held_for) < _SAME:
        return written
    return take_back(books, adapter, item, answer.external_id, again_in=None)


def take_back(
    books: Books, adapter: Adapter, item: Handover, held_as: str, *, again_in: timedelta | None = timedelta(0)
) -> str:
    """`again_in`: after how long it may be handed over for the same time again, never where None."""
    outcome = _unscheduled(books, adapter, held_as)
    if isinstance(outcome, Changed):
        return books.ended(item, HandoverEnd.TAKEN_BACK, None, again_in=again_in)
    if isinstance(outcome, Rejected) and isinstance(answer := _asked(books, adapter, item), Published):
        return books.published(item, answer, wanted=False)
    return books.not_taken_back(item, outcome.error.message)


def _found(books: Books, adapter: Adapter, item: Handover, answer: ReconcileOutcome, *, stands: bool) -> str:
    has_come = item.past >= timedelta(0)
    match answer:
        case Published():
            said = books.published(item, answer, wanted=stands)
        case Scheduled(external_id=held_as) if not stands or item.past > books.config.on_time:
            said = take_back(books, adapter, item, held_as)
        case Scheduled(at=at) if has_come and abs(at - item.held_for) < _SAME:
            said = books.undecided(item, "its time has come, and the platform holds it still")
        case Scheduled():
            said = held(books, adapter, item, answer, "held")
        case Absent() if item.settled:
            said = books.ended(item, HandoverEnd.ABSENT, "the platform has it not", again_in=None)
        case Absent():
            said = books.waiting(item)
        case Inconclusive(error=error):
            said = books.undecided(item, f"asked the platform, which did not tell: {error.message}")
    return said


def _asked(books: Books, adapter: Adapter, item: Handover) -> ReconcileOutcome:
    journal = Journal(item.handles, refuse_to_record, item.started_at)
    try:
        return adapter.reconcile(content_of(item, item.id), journal)
    except Exception as error:  # a question that fails says nothing about what is held
        log.exception("adapter_raised", account=books.account.account_key, distribution=str(item.id))
        return Inconclusive(PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}"))


def _unscheduled(books: Books, adapter: Adapter, held_as: str) -> ChangeOutcome:
    try:
        return adapter.unschedule(held_as)
    except Exception as error:  # it may be taken back or not; taking back once more does no harm
        log.exception("adapter_raised", account=books.account.account_key)
        return Unknown(PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}"))
