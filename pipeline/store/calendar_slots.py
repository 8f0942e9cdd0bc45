"""The free entries of `publishing_calendar`, as rules make them, and how far each account's are made.

Who holds an entry is not written here: see `pipeline.store.calendar`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import calendar
from pipeline.store.tables import publishing_calendar
from pipeline.vocabulary import RecurringPattern, SlotType

_c = publishing_calendar.c

# Below the server's deadlock_timeout (1 s): where this and somebody who books wait for each other, this gives way.
_GIVES_WAY_AFTER: Final = "300ms"


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account whose calendar is to be made: it never was, it runs short, or what it is made of has changed."""

    id: UUID
    account_key: str
    timezone: str


@dataclass(frozen=True, slots=True)
class RuleSlot:
    """An entry that a rule wants."""

    at: datetime
    rule_id: UUID
    slot_type: SlotType
    is_locked: bool
    campaign_id: UUID | None
    recurring_pattern: RecurringPattern | None


@dataclass(frozen=True, slots=True)
class Written:
    """How many entries came, became something else, and went."""

    made: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an account's calendar; `canonical_id` is the post's that holds it."""

    at: datetime
    slot_type: SlotType
    is_locked: bool
    lock_set_by: str | None
    is_free: bool
    canonical_id: str | None
    campaign: str | None


def due(connection: sa.Connection, until: datetime) -> list[DueAccount]:
    """The accounts whose calendar is not made until then, or was made of what has changed since."""
    rows = connection.execute(
        sa.text("""
            select p.id, p.account_key, p.timezone
            from platforms p left join calendar_horizons h on h.platform_id = p.id
            where h.until is null or h.until < :until or h.timezone <> p.timezone
            order by p.account_key
        """),
        {"until": until},
    )
    return [DueAccount(*row) for row in rows]


def call_for(connection: sa.Connection, account_id: UUID | None) -> None:
    """The calendar of the account, or of every account, is to be made anew. Called before what it is made of is
    changed, in the same transaction: whoever makes it meanwhile is waited for, or waits and then sees the change.
    """
    connection.execute(
        sa.text("""
            insert into calendar_horizons (platform_id)
            select id from platforms where id = :id or cast(:id as uuid) is null order by id
            on conflict (platform_id) do update set until = null
        """),
        {"id": account_id},
    )


def begin(connection: sa.Connection, account: DueAccount) -> None:
    """Nobody else makes the account's calendar, or chooses from it, until the transaction ends. Comes before its rules
    are read.
    """
    calendar.in_turn(connection, [account.id])
    connection.execute(sa.text("select set_config('lock_timeout', :after, true)"), {"after": _GIVES_WAY_AFTER})
    connection.execute(
        sa.text("""
            insert into calendar_horizons (platform_id) values (:id)
            on conflict (platform_id) do update set until = null
        """),
        {"id": account.id},
    )


def write(
    connection: sa.Connection, account: DueAccount, slots: Sequence[RuleSlot], now: datetime, until: datetime
) -> Written:
    """Make the account's free entries those of `slots`, none of them before `now`, and note that they reach `until`.

    Free entries that no rule wants go, those of the past too; a lock that a person set stays. What a distribution holds
    stays held; it only becomes a slot of the rule that wants its instant. Entries that are as they should be are not
    even locked. The past is looked at back to the last time only, however much of it there is.
    """
    present = _present(connection, account.id, now)
    wanted = {slot.at: slot for slot in slots}
    made = [slot for at, slot in wanted.items() if at not in present]
    changed = [
        (present[at].id, slot)
        for at, slot in wanted.items()
        if at in present and _differs(present[at], slot, account.timezone)
    ]
    removed = [row.id for at, row in present.items() if at not in wanted and _may_go(row, now)]
    if made:
        _insert(connection, account, made)
    if changed:
        _update(connection, account, [id_ for id_, _ in changed], [slot for _, slot in changed])
    if removed:
        connection.execute(_DELETE, {"ids": removed})
    connection.execute(
        sa.text("""
            update calendar_horizons set until = :until, timezone = :timezone, synced_at = :now
            where platform_id = :id
        """),
        {"id": account.id, "until": until, "timezone": account.timezone, "now": now},
    )
    return Written(len(made), len(changed), len(removed))


def _present(connection: sa.Connection, account_id: UUID, now: datetime) -> dict[datetime, "sa.Row[Any]"]:
    """The account's entries by their instant, back to when its calendar was last made."""
    synced_at = connection.scalar(
        sa.text("select synced_at from calendar_horizons where platform_id = :id"), {"id": account_id}
    )
    rows = connection.execute(
        sa.text("""
            select id, starts_at, timezone, rule_id, slot_type, campaign_id, recurring_pattern, is_locked, lock_set_by,
                distribution_id is null as is_free
            from publishing_calendar where platform_id = :id and starts_at >= :begins
        """),
        {"id": account_id, "begins": min(now, synced_at or now)},
    )
    return {row.starts_at: row for row in rows}


def _differs(row: "sa.Row[Any]", slot: RuleSlot, timezone: str) -> bool:
    stands = (row.rule_id, row.slot_type, row.campaign_id, row.recurring_pattern, row.timezone)
    wanted = (slot.rule_id, slot.slot_type, slot.campaign_id, slot.recurring_pattern, timezone)
    return stands != wanted or (row.lock_set_by is None and row.is_locked != slot.is_locked)


def _may_go(row: "sa.Row[Any]", now: datetime) -> bool:
    is_kept_locked = row.is_locked and row.lock_set_by is not None and row.starts_at > now
    return bool(row.is_free and not is_kept_locked)


def _insert(connection: sa.Connection, account: DueAccount, slots: Sequence[RuleSlot]) -> None:
    connection.execute(
        sa.text("""
            insert into publishing_calendar (
                date, time_slot, timezone, starts_at, platform_id,
                rule_id, slot_type, is_locked, campaign_id, recurring_pattern
            )
            select (starts_at at time zone :timezone)::date, (starts_at at time zone :timezone)::time, :timezone,
                starts_at, :id, rule_id, slot_type, is_locked, campaign_id, recurring_pattern
            from unnest(
                cast(:ats as timestamptz[]), cast(:rules as uuid[]), cast(:types as text[]), cast(:locks as boolean[]),
                cast(:campaigns as uuid[]), cast(:patterns as text[])
            ) as wanted (starts_at, rule_id, slot_type, is_locked, campaign_id, recurring_pattern)
            order by starts_at
            on conflict (platform_id, starts_at) do nothing
        """),
        {"id": account.id, "timezone": account.timezone, "ats": [slot.at for slot in slots], **_columns(slots)},
    )


def _update(connection: sa.Connection, account: DueAccount, ids: Sequence[UUID], slots: Sequence[RuleSlot]) -> None:
    connection.execute(
        sa.text("""
            update publishing_calendar c
            set rule_id = w.rule_id, slot_type = w.slot_type, campaign_id = w.campaign_id,
                recurring_pattern = w.recurring_pattern,
                is_locked = case when c.lock_set_by is null then w.is_locked else c.is_locked end,
                date = (c.starts_at at time zone :timezone)::date,
                time_slot = (c.starts_at at time zone :timezone)::time, timezone = :timezone
            from unnest(
                cast(:ids as uuid[]), cast(:rules as uuid[]), cast(:types as text[]), cast(:locks as boolean[]),
                cast(:campaigns as uuid[]), cast(:patterns as text[])
            ) as w (id, rule_id, slot_type, is_locked, campaign_id, recurring_pattern)
            where c.id = w.id
        """),
        {"timezone": account.timezone, "ids": list(ids), **_columns(slots)},
    )


_DELETE = sa.text("delete from publishing_calendar where id = any (:ids) and distribution_id is null")


def _columns(slots: Sequence[RuleSlot]) -> dict[str, list[Any]]:
    return {
        "rules": [slot.rule_id for slot in slots],
        "types": [slot.slot_type for slot in slots],
        "locks": [slot.is_locked for slot in slots],
        "campaigns": [slot.campaign_id for slot in slots],
        "patterns": [slot.recurring_pattern for slot in slots],
    }


def set_lock(connection: sa.Connection, account_id: UUID, at: datetime, actor: str, *, is_locked: bool) -> bool:
    """What a person says of the one slot at that instant, whatever its rule says; False: there is none."""
    changed = connection.execute(
        publishing_calendar.update()
        .where(_c.platform_id == account_id, _c.starts_at == at)
        .values(is_locked=is_locked, lock_set_by=actor)
    )
    return bool(changed.rowcount)


def entries(connection: sa.Connection, account_id: UUID, begins: datetime, ends: datetime) -> list[Entry]:
    """The account's from `begins` until, and without, `ends`, oldest first."""
    rows = connection.execute(
        sa.text("""
            select c.starts_at, c.slot_type, c.is_locked, c.lock_set_by, c.distribution_id is null,
                p.canonical_id, campaigns.name
            from publishing_calendar c
            left join distributions d on d.id = c.distribution_id
            left join publisher_posts p on p.id = d.post_id
            left join campaigns on campaigns.id = c.campaign_id
            where c.platform_id = :id and c.starts_at >= :begins and c.starts_at < :ends
            order by c.starts_at
        """),
        {"id": account_id, "begins": begins, "ends": ends},
    )
    return [Entry(row[0], SlotType(row[1]), *row[2:]) for row in rows]


def free_by_account(connection: sa.Connection, begins: datetime, ends: datetime) -> dict[UUID, int]:
    """How many slots planning may take; accounts without one are not in it."""
    rows = connection.execute(
        sa.text("""
            select platform_id, count(*) as slots from publishing_calendar
            where distribution_id is null and not is_locked and starts_at >= :begins and starts_at < :ends
            group by platform_id
        """),
        {"begins": begins, "ends": ends},
    )
    return {row.platform_id: row.slots for row in rows}


def next_of_rule(connection: sa.Connection, rule_id: UUID, limit: int) -> list[datetime]:
    """The first slots that the calendar has of the rule, free or not."""
    return list(
        connection.scalars(sa.select(_c.starts_at).where(_c.rule_id == rule_id).order_by(_c.starts_at).limit(limit))
    )
