"""When accounts publish nothing that planning places: rows of `quiet_hours`, `blackouts` and `holiday_calendars`.

A row without an account is every account's. Adding and removing one calls for the calendars to be made anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import calendar_slots
from pipeline.store.tables import blackouts, holiday_calendars, quiet_hours

_TABLES: Final = (quiet_hours, blackouts, holiday_calendars)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """By the account's clock; `ends` that is not after `begins` is on the next day. `days` are those on which they
    begin, 0 for Sunday.
    """

    id: UUID
    account_id: UUID | None
    days: list[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Blackout:
    """From `begins` until, and without, `ends`: naive, by the account's clock."""

    id: UUID
    account_id: UUID | None
    begins: datetime
    ends: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """Whose public holidays are kept: ISO 3166-1 and, without the country, 3166-2."""

    id: UUID
    account_id: UUID | None
    country: str
    subdivision: str | None


Closure = QuietHours | Blackout | HolidayCalendar


def of(connection: sa.Connection, account_ids: Collection[UUID]) -> list[Closure]:
    """Those of the accounts, and those of every account; those of every account first."""
    return [
        *_quiet_hours(connection, account_ids),
        *_blackouts(connection, account_ids),
        *_holidays(connection, account_ids),
    ]


def add_quiet_hours(
    connection: sa.Connection, account_id: UUID | None, days: Collection[int], begins: time, ends: time
) -> bool:
    """False: they stand already."""
    return _add(connection, quiet_hours, account_id, days=sorted(days), begins=begins, ends=ends)


def add_blackout(
    connection: sa.Connection, account_id: UUID | None, begins: datetime, ends: datetime, reason: str
) -> bool:
    """False: one from and until those times stands already."""
    return _add(connection, blackouts, account_id, begins=begins, ends=ends, reason=reason)


def add_holidays(connection: sa.Connection, account_id: UUID | None, country: str, subdivision: str | None) -> bool:
    """False: they are kept already."""
    return _add(connection, holiday_calendars, account_id, country=country, subdivision=subdivision)


def remove(connection: sa.Connection, closure_id: UUID) -> None:
    for table in _TABLES:
        removed = connection.execute(table.delete().where(table.c.id == closure_id).returning(table.c.platform_id))
        for account_id in removed.scalars():
            calendar_slots.call_for(connection, account_id)


def _add(connection: sa.Connection, table: sa.Table, account_id: UUID | None, **values: object) -> bool:
    calendar_slots.call_for(connection, account_id)
    statement = insert(table).values(platform_id=account_id, **values).on_conflict_do_nothing().returning(table.c.id)
    return connection.scalar(statement) is not None


def _quiet_hours(connection: sa.Connection, account_ids: Collection[UUID]) -> list[QuietHours]:
    q = quiet_hours.c
    query = sa.select(q.id, q.platform_id, q.days, q.begins, q.ends).order_by(q.begins, q.ends, q.id)
    return [QuietHours(*row) for row in connection.execute(_among(query, quiet_hours, account_ids))]


def _blackouts(connection: sa.Connection, account_ids: Collection[UUID]) -> list[Blackout]:
    b = blackouts.c
    query = sa.select(b.id, b.platform_id, b.begins, b.ends, b.reason).order_by(b.begins, b.ends, b.id)
    return [Blackout(*row) for row in connection.execute(_among(query, blackouts, account_ids))]


def _holidays(connection: sa.Connection, account_ids: Collection[UUID]) -> list[HolidayCalendar]:
    h = holiday_calendars.c
    query = sa.select(h.id, h.platform_id, h.country, h.subdivision).order_by(h.country, h.subdivision, h.id)
    return [HolidayCalendar(*row) for row in connection.execute(_among(query, holiday_calendars, account_ids))]


def _among(query: "sa.Select[Any]", table: sa.Table, account_ids: Collection[UUID]) -> "sa.Select[Any]":
    return query.where(table.c.platform_id.is_(None) | table.c.platform_id.in_(account_ids))
