"""When accounts are closed: their quiet hours, blackouts and holidays, read and made into spans of instants."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

import sqlalchemy as sa

from pipeline.scheduling import closing
from pipeline.scheduling.model import Span
from pipeline.store import closures
from pipeline.store.accounts import timezones
from pipeline.store.closures import Blackout, Closure, HolidayCalendar, QuietHours


def spans_of(
    connection: sa.Connection, account_ids: Collection[UUID], begins: datetime, ends: datetime
) -> dict[UUID, list[Span]]:
    """The spans of each account that touch the time from `begins` to `ends`, oldest first; no two of them meet."""
    found = closures.of(connection, account_ids)
    return {
        account_id: spans(closures_of(found, account_id), zone_name, begins, ends)
        for account_id, zone_name in timezones(connection, account_ids).items()
    }


def closures_of(found: Sequence[Closure], account_id: UUID) -> list[Closure]:
    """Those of the account and of every account."""
    return [closure for closure in found if closure.account_id in (None, account_id)]


def spans(found: Sequence[Closure], zone_name: str, begins: datetime, ends: datetime) -> list[Span]:
    """The spans of one account's closures in its zone; see `spans_of`."""
    window = (begins, ends)
    return closing.merged(chain.from_iterable(_spans(closure, zone_name, window) for closure in found))


def _spans(closure: Closure, zone_name: str, window: tuple[datetime, datetime]) -> Iterator[Span]:
    match closure:
        case QuietHours(days=days, begins=begins, ends=ends):
            return closing.quiet(days, begins, ends, zone_name, window)
        case Blackout(begins=begins, ends=ends, reason=reason):
            return closing.blackout(begins, ends, reason, zone_name, window)
        case HolidayCalendar(country=country, subdivision=subdivision):
            return closing.holiday(country, subdivision, zone_name, window)
