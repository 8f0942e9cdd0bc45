"""Rules made into slots: each account's calendar, kept full as far as the horizon."""

import time as system
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final

import psycopg
import sqlalchemy as sa

from pipeline import clock
from pipeline.scheduling import closures
from pipeline.scheduling.model import HORIZON, Span
from pipeline.scheduling.recurrence import Recurrence, local_times, pattern
from pipeline.store import calendar_slots, posting_rules
from pipeline.store import closures as stored_closures
from pipeline.store.calendar_slots import DueAccount, RuleSlot, Written
from pipeline.store.posting_rules import NewRule, PostingRule
from pipeline.vocabulary import SlotType

DEFAULT_RULE: Final = "FREQ=DAILY"
DEFAULT_TIMES: Final = tuple(time(hour) for hour in range(7, 23))
"""What an account without rules of its own goes by."""

_RUNS_SHORT_AFTER: Final = timedelta(days=1)
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.1
_DAY: Final = timedelta(days=1)
_RANKS: Final = {SlotType.PRIME: 0, SlotType.TEST: 1, SlotType.REGULAR: 2}


class CalendarBusyError(Exception):
    """Others write an account's calendar all the time; the message says what to do."""


def keep_up(engine: sa.Engine, *, now: datetime) -> int:
    """Make the calendar of each account for which that is due; returns of how many. One statement where none is.

    Raises:
        CalendarBusyError: an account's calendar could not be had; those before it are made.
        closing.HolidayError: holidays are kept of a country that the library no longer knows.
    """
    with engine.connect() as connection:
        accounts = calendar_slots.due(connection, now + HORIZON - _RUNS_SHORT_AFTER)
    for account in accounts:
        make(engine, account, now=now)
    return len(accounts)


def make(engine: sa.Engine, account: DueAccount, *, now: datetime) -> Written:
    """Make one account's calendar, in a transaction of its own. Whoever books meanwhile is given way to.

    Raises: see `keep_up`.
    """
    for _ in range(_TRIES):
        try:
            with engine.begin() as connection:
                return _make(connection, account, now)
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)):
                raise
        system.sleep(_PAUSE_SECONDS)
    raise CalendarBusyError(
        f"The calendar of {account.account_key} is being written by others; try again: pressroom slots sync"
    )


def slots(
    rules: Iterable[PostingRule], closed: Sequence[Span], zone_name: str, begins: datetime, ends: datetime
) -> list[RuleSlot]:
    """What the rules of one account give from `begins` until, and without, `ends`, oldest first, but what is closed.

    An instant is one slot: two local times may fall on it where the clocks skip an hour. Of rules that give the same
    instant a locked one counts before a campaign's, that before prime, test and regular, and of equals the older.
    """
    ranked = sorted(rules, key=lambda rule: (not rule.is_locked, rule.campaign_id is None, _RANKS[rule.slot_type]))
    found: dict[datetime, RuleSlot] = {}
    for rule in ranked:
        for at in _instants(rule, zone_name, begins, ends):
            found.setdefault(at, _slot(rule, at))
    return [found[at] for at in _open(sorted(found), closed)]


def _make(connection: sa.Connection, account: DueAccount, now: datetime) -> Written:
    calendar_slots.begin(connection, account)
    today = clock.local(now, account.timezone).date()
    posting_rules.ensure_default(connection, NewRule(account.id, DEFAULT_RULE, DEFAULT_TIMES, today, None))
    until = now + HORIZON
    wanted = slots(
        posting_rules.of(connection, [account.id]),
        closures.spans(stored_closures.of(connection, [account.id]), account.timezone, now, until),
        account.timezone,
        now,
        until,
    )
    return calendar_slots.write(connection, account, wanted, now, until)


def _instants(rule: PostingRule, zone_name: str, begins: datetime, ends: datetime) -> Iterable[datetime]:
    if rule.window is not None:
        begins, ends = max(begins, rule.window[0]), min(ends, rule.window[1])
    recurrence = Recurrence(rule.rrule, rule.times, rule.starts_on, rule.ends_on)
    # A day longer on both sides: a skipped local time is an instant later than it says.
    locals_ = local_times(recurrence, clock.local(begins, zone_name) - _DAY, clock.local(ends, zone_name) + _DAY)
    instants = (clock.instant(local, zone_name) for local in locals_)
    return (at for at in instants if begins <= at < ends)


def _open(instants: Iterable[datetime], closed: Sequence[Span]) -> Iterable[datetime]:
    spans = iter(closed)
    span = next(spans, None)
    for at in instants:
        while span is not None and span.ends <= at:
            span = next(spans, None)
        if span is None or at < span.begins:
            yield at


def _slot(rule: PostingRule, at: datetime) -> RuleSlot:
    return RuleSlot(at, rule.id, rule.slot_type, rule.is_locked, rule.campaign_id, pattern(rule.rrule))
