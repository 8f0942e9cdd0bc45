"""Posting rules, closures and an account's days as `pressroom slots` shows them, at 80 columns."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import harmless, out
from pipeline.cli.layout import grid, print_grid
from pipeline.vocabulary import SlotType

if TYPE_CHECKING:
    from uuid import UUID

    from pipeline.scheduling.model import Span
    from pipeline.store.calendar_slots import Entry
    from pipeline.store.closures import Closure
    from pipeline.store.posting_rules import PostingRule

_INDENT: Final = 4


def print_account(
    key: str, zone_name: str, rules: "Sequence[PostingRule]", closures: "Sequence[Closure]", free: int, days: int
) -> None:
    """An account's rules, and what closes it; of each the beginning of its id."""
    out.print(f"[bold]{key}[/]  [dim]{zone_name} · {free} free slots in the next {days} days[/]", highlight=False)
    table = grid(narrow=1)
    for rule in rules:
        table.add_row(_id(rule.id), escape(told_rule(rule)))
    for closure in closures:
        of_all = " (every account)" if closure.account_id is None else ""
        table.add_row(_id(closure.id), escape(harmless(told_closure(closure) + of_all)))
    if rules or closures:
        print_grid(table, indent=_INDENT)


def print_days(entries: "Sequence[Entry]", closed: "Sequence[Span]", zone_name: str) -> None:
    """What the days hold, a row a day: "09:00", "09:00 prime", "09:00 locked", "09:00 POST" where it is taken."""
    table = grid(narrow=1)
    for day, of_day in groupby(entries, key=lambda entry: clock.local(entry.at, zone_name).date()):
        told = [_told_entry(entry, f"{clock.local(entry.at, zone_name):%H:%M}", closed) for entry in of_day]
        table.add_row(f"{day:%a %d %b}", escape(harmless(", ".join(told))))
    print_grid(table, indent=_INDENT)


def told_rule(rule: "PostingRule") -> str:
    from pipeline.scheduling.written import told_rule as told

    further = [
        *([] if rule.slot_type == SlotType.REGULAR else [str(rule.slot_type)]),
        *(["locked"] if rule.is_locked else []),
        *([f"campaign {rule.campaign}"] if rule.campaign else []),
        *(["the default: your first rule replaces it"] if rule.is_default else [f"from {rule.starts_on}"]),
        *([f"until {rule.ends_on}"] if rule.ends_on else []),
    ]
    return f"{told(rule.rrule, rule.times)} · {', '.join(further)}"


def told_closure(closure: "Closure") -> str:
    from pipeline.scheduling.written import told_days
    from pipeline.store.closures import Blackout, HolidayCalendar, QuietHours

    match closure:
        case QuietHours(days=days, begins=begins, ends=ends):
            monday_first = [(day - 1) % 7 for day in days]
            return f"quiet {begins:%H:%M}-{ends:%H:%M}, {told_days(monday_first)}"
        case Blackout(begins=begins, ends=ends, reason=reason):
            return f"closed {begins:%Y-%m-%d %H:%M} until {ends:%Y-%m-%d %H:%M}: {reason}"
        case HolidayCalendar(country=country, subdivision=subdivision):
            return f"closed on the holidays of {country}" + (f", {subdivision}" if subdivision else "")


def taken_within(entries: "Iterable[Entry]", closed: "Sequence[Span]") -> "list[Entry]":
    """Those that a post holds although they are closed."""
    return [entry for entry in entries if not entry.is_free and _why_closed(entry, closed)]


def _told_entry(entry: "Entry", at: str, closed: "Sequence[Span]") -> str:
    notes = [
        *([] if entry.slot_type == SlotType.REGULAR else [str(entry.slot_type)]),
        *([f"kept for {entry.campaign}"] if entry.campaign else []),
        *([f"locked{f' by {entry.lock_set_by}' if entry.lock_set_by else ''}"] if entry.is_locked else []),
        *([] if entry.is_free else [entry.canonical_id or "taken"]),
        *(why for why in [_why_closed(entry, closed)] if why and not entry.is_free),
    ]
    return f"{at} {' · '.join(notes)}" if notes else at


def _why_closed(entry: "Entry", closed: "Sequence[Span]") -> str | None:
    from pipeline.scheduling.model import covering

    span = covering(closed, entry.at)
    return None if span is None else span.reason


def _id(of: "UUID") -> str:
    return f"[dim]{str(of)[:8]}[/]"
