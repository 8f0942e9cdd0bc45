"""When accounts may post: rows of `posting_rules`.

Adding and removing one calls for the account's calendar to be made anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import calendar_slots
from pipeline.store.tables import campaigns, posting_rules
from pipeline.vocabulary import SlotType

_r = posting_rules.c


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule to be added. `rrule` is RFC 5545; `times` is empty where it says its hours itself."""

    account_id: UUID
    rrule: str
    times: Sequence[time]
    starts_on: date
    ends_on: date | None
    slot_type: SlotType = SlotType.REGULAR
    is_locked: bool = False
    campaign_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PostingRule:
    """A rule as it stands. `campaign` is the name of the one that its slots are kept for, and `window` that one's."""

    id: UUID
    account_id: UUID
    rrule: str
    times: Sequence[time]
    starts_on: date
    ends_on: date | None
    slot_type: SlotType
    is_locked: bool
    is_default: bool
    campaign_id: UUID | None
    campaign: str | None
    window: tuple[datetime, datetime] | None


def of(connection: sa.Connection, account_ids: Collection[UUID]) -> list[PostingRule]:
    """The accounts' rules, oldest first."""
    query: sa.Select[Any] = (
        sa.select(
            _r.id,
            _r.platform_id.label("account_id"),
            _r.rrule,
            _r.times,
            _r.starts_on,
            _r.ends_on,
            _r.slot_type,
            _r.is_locked,
            _r.is_default,
            _r.campaign_id,
            campaigns.c.name.label("campaign"),
            campaigns.c.begins,
            campaigns.c.ends,
        )
        .outerjoin(campaigns, campaigns.c.id == _r.campaign_id)
        .where(_r.platform_id.in_(account_ids))
        .order_by(_r.created_at, _r.id)
    )
    return [_rule(row) for row in connection.execute(query)]


def add(connection: sa.Connection, rule: NewRule) -> UUID | None:
    """Its id, or None: the account has it already. An account's first own rule that is not a campaign's replaces its
    default one.
    """
    calendar_slots.call_for(connection, rule.account_id)
    if rule.campaign_id is None:
        connection.execute(posting_rules.delete().where(_r.platform_id == rule.account_id, _r.is_default))
    values = asdict(rule)
    added: UUID | None = connection.scalar(
        insert(posting_rules)
        .values(platform_id=values.pop("account_id"), **{**values, "times": list(rule.times)})
        .on_conflict_do_nothing()
        .returning(_r.id)
    )
    return added


def ensure_default(connection: sa.Connection, rule: NewRule) -> None:
    """Give the account `rule` for its default one, where it has none at all that is not a campaign's."""
    connection.execute(
        sa.text("""
            insert into posting_rules (platform_id, rrule, times, starts_on, is_default)
            select :id, :rrule, cast(:times as time[]), :starts_on, true
            where not exists (select from posting_rules where platform_id = :id and campaign_id is null)
        """),
        {"id": rule.account_id, "rrule": rule.rrule, "times": list(rule.times), "starts_on": rule.starts_on},
    )


def remove(connection: sa.Connection, rule: PostingRule) -> None:
    """Its free slots go when the calendar is made anew; what is booked stays booked."""
    calendar_slots.call_for(connection, rule.account_id)
    connection.execute(posting_rules.delete().where(_r.id == rule.id))


def _rule(row: "sa.Row[Any]") -> PostingRule:
    values = dict(row._mapping)  # noqa: SLF001 - the public way to a row's names
    begins, ends = values.pop("begins"), values.pop("ends")
    window = None if begins is None else (begins, ends)
    return PostingRule(**{**values, "slot_type": SlotType(row.slot_type), "window": window})
