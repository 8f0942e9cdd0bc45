"""Accounts with slots, and posts in them, as approval and planning leave them."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import calendar, tables
from pipeline.store.calendar import Booking
from pipeline_tests import factories

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
"""00:00 UTC of the first day with slots."""
NOW = MONDAY - timedelta(hours=2)
"""When the tests plan."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """UTC, `day` days after that Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def account(connection: sa.Connection, times: Sequence[str], **values: Any) -> UUID:
    """An account in UTC that may post at these local times every day; its calendar is made by whoever plans."""
    id_ = factories.account(connection, **{"timezone": "UTC", **values})
    connection.execute(
        tables.posting_rules.insert().values(
            platform_id=id_,
            rrule="FREQ=DAILY",
            times=[time.fromisoformat(each) for each in times],
            starts_on=MONDAY.date(),
        )
    )
    return id_


def post(connection: sa.Connection, **values: Any) -> tuple[UUID, int]:
    """A post that was approved a day before the tests plan, and its review."""
    return factories.approved_post(
        connection, **{"reviewed_at": NOW - timedelta(days=1), "scheduled_at": NOW, **values}
    )


def scheduled(
    connection: sa.Connection, account_id: UUID, when: datetime, of: tuple[UUID, int] | None = None, **values: Any
) -> UUID:
    """A version of the post, or of one of its own, that holds the instant."""
    post_id, review_id = of or post(connection)
    id_ = factories.distribution(
        connection,
        account_id,
        post_id=post_id,
        review_id=review_id,
        **{"scheduled_for": when, "next_attempt_at": when, "timezone": "UTC", **values},
    )
    assert calendar.book(connection, [Booking(id_, account_id, when, "UTC")], explicit=True) == {id_}
    return id_
