"""What an account sends around an instant: by this its limits would, or would not, let something go out just then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.claims import OURS_TO_SEND


@dataclass(frozen=True, slots=True)
class Neighbours:
    """An account's limits, and what counts against them, each oldest first.

    `sent` within the last day; `before` is to go out until then; `after` is held by the platform for the day after.
    """

    min_interval_minutes: int
    posts_per_hour: int | None
    posts_per_day: int | None
    sent: Sequence[datetime]
    before: Sequence[datetime]
    after: Sequence[datetime]


def neighbours(connection: sa.Connection, account_id: UUID, distribution_id: UUID, at: datetime) -> Neighbours:
    about: dict[str, Any] = {"account": account_id, "id": distribution_id, "at": at}
    limits = connection.execute(
        sa.text("select min_interval_minutes, posts_per_hour, posts_per_day from platforms where id = :account"), about
    ).one()
    before = connection.scalars(
        sa.text(f"""
            select at from (
                select greatest(d.next_attempt_at, now()) as at from distributions d
                where d.platform_id = :account and {OURS_TO_SEND}
                    and (d.next_attempt_at, d.id) < (:at, cast(:id as uuid))
                union all
                select d.handed_over_for from distributions d
                where d.platform_id = :account and d.handed_over_for <= :at and d.id <> :id
            ) as earlier
            order by at
        """),  # noqa: S608 - our own text
        about,
    ).all()
    after = connection.scalars(
        sa.text("""
            select handed_over_for from distributions
            where platform_id = :account and handed_over_for > :at and handed_over_for < :at + interval '24 hours'
            order by handed_over_for
        """),
        about,
    ).all()
    sent = sent_lately(connection, account_id)
    return Neighbours(**limits._mapping, sent=sent, before=before, after=after)  # noqa: SLF001 - the public way to a row's names


def sent_lately(connection: sa.Connection, account_id: UUID) -> Sequence[datetime]:
    """When the account's attempts of the last 24 hours began that count against its limits, the oldest first."""
    return connection.scalars(
        sa.text("""
            select started_at from publish_attempts
            where platform_id = :account and outcome is distinct from 'not_sent'
                and started_at > now() - interval '24 hours'
            order by started_at
        """),
        {"account": account_id},
    ).all()
