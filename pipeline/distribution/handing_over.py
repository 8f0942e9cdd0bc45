"""A distribution is handed to its platform: is that right just now, then the call, step by step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from pipeline.distribution import preflight
from pipeline.distribution.contents import content_of
from pipeline.distribution.handover_books import ANOTHER_TRY, Books
from pipeline.distribution.lane import LeaseLostError, Leases
from pipeline.distribution.looking_after import held
from pipeline.distribution.own_pages import HomePages
from pipeline.platforms.base import (
    Adapter,
    Journal,
    NotSent,
    PlatformError,
    Rejected,
    Scheduled,
    ScheduleOutcome,
    Unknown,
)
from pipeline.scheduling.pace import Pace, departures
from pipeline.store import handovers
from pipeline.store.database import transaction
from pipeline.store.handovers import Handover
from pipeline.store.neighbours import neighbours
from pipeline.store.patience import with_patience
from pipeline.vocabulary import ErrorKind, HandoverEnd

log = structlog.get_logger(__name__)

_ANOTHER_FORECAST: Final = timedelta(hours=1)
_NEVER: Final = None


def hand_over(books: Books, leases: Leases, homes: HomePages, adapter: Adapter, item: Handover) -> str:
    """What became of it, in a word. Whatever stands against it before the call leaves it to us, at its time."""
    objection = _objection(books, homes, adapter, item)
    if objection is None and leases.ran_out(item.id):
        objection = "the worker stood still for longer than its lease before it began", timedelta(0)
    if objection is not None:
        reason, again_in = objection
        return books.ended(item, HandoverEnd.REFUSED, reason, again_in=again_in)
    outcome = _call(books, leases, adapter, item)
    match outcome:
        case Scheduled():
            return held(books, adapter, item, outcome, "handed over")
        case Unknown(error=error):
            return books.unknown(item, error.message)
        case Rejected(error=error):
            return books.ended(item, HandoverEnd.REFUSED, error.message, again_in=_NEVER)
        case NotSent():
            return books.not_sent(item, outcome)


def _objection(books: Books, homes: HomePages, adapter: Adapter, item: Handover) -> tuple[str, timedelta | None] | None:
    """What stands against handing it over now, and after how long it may be looked at again; None where nothing does.

    The checks are those before a sending, whose part it takes.
    """
    try:
        objection = preflight.objection(item, adapter, homes.is_live)
    except Exception as error:  # nothing has left yet
        log.exception("preflight_raised", account=books.account.account_key, distribution=str(item.id))
        return f"the check before it failed: {error!r}", ANOTHER_TRY
    if objection is not None:
        return objection.reason, ANOTHER_TRY if objection.wait else _NEVER
    if not _within_limits(books, item):
        return "by its account's limits it would not go out at its time", _ANOTHER_FORECAST
    return None


def _within_limits(books: Books, item: Handover) -> bool:
    """Whether its account would send it just at its time: a platform keeps to the hour, whatever else has been sent."""
    with books.engine.connect() as connection:
        around = neighbours(connection, item.platform_id, item.id, item.held_for)
    pace = Pace(
        min_interval=timedelta(minutes=around.min_interval_minutes),
        posts_per_hour=around.posts_per_hour,
        posts_per_day=around.posts_per_day,
    )
    leaving = departures(pace, around.sent, [*around.before, item.held_for, *around.after])
    return all(each.limit is None for each in leaving[len(around.before) :])


def _call(books: Books, leases: Leases, adapter: Adapter, item: Handover) -> ScheduleOutcome:
    """Raises: LeaseLostError: somebody else looks after it, and no further step was taken."""
    try:
        journal = Journal(item.handles, _recorder(books, leases, item), item.started_at)
        return adapter.schedule(content_of(item, item.id), item.held_for, journal)
    except LeaseLostError:
        raise
    except Exception as error:  # an adapter must not raise; if it does, nobody knows whether it is held
        log.exception("adapter_raised", account=books.account.account_key, distribution=str(item.id))
        return Unknown(PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}"))


def _recorder(books: Books, leases: Leases, item: Handover) -> Callable[[str, str], None]:
    def keep(step: str, handle: str) -> bool:
        with transaction(books.engine, books.worker) as connection:
            return handovers.record_handle(connection, item, step, handle)

    def over() -> bool:
        return leases.ran_out(item.id)

    def record(step: str, handle: str) -> None:
        if not with_patience(lambda: keep(step, handle), books.config.lease, until=over) or over():
            raise LeaseLostError

    return record
