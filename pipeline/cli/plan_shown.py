"""A plan in the terminal: day by day, then what a person should know of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.text import Text

from pipeline import clock
from pipeline.cli.console import harmless, out
from pipeline.cli.layout import grid, print_grid, print_indented
from pipeline.cli.review_desk import say

if TYPE_CHECKING:
    from pipeline.scheduling.applying import Applied
    from pipeline.scheduling.proposal import Allowance, Change, CredentialsEnd, Entry, Gap, Plan

_LISTED: Final = 200
_INDENT: Final = 2


def print_plan(plan: "Plan", account: str | None) -> None:
    """What goes out before `plan.shown_until`, on all accounts or on this one, and what to know of it."""
    own = [entry for entry in plan.entries if account in (None, entry.account_key)]
    shown = [entry for entry in own if entry.at < plan.shown_until]
    out.print(f"[bold]Plan {plan.id}[/], until {plan.shown_until:%a %d %b %H:%M} UTC", highlight=False)
    if not shown:
        out.print("\nNothing is to go out.")
    for _, of_day in groupby(sorted(shown[:_LISTED], key=_local), key=lambda entry: _local(entry).date()):
        _print_day(list(of_day))
    if len(shown) > _LISTED:
        out.print(f"\n… and {len(shown) - _LISTED} more: show fewer days (--days) or one account (--account).")
    _print_findings(plan, account)
    _print_sum(plan, own, shown)


def print_changes(plan: "Plan", since: str, changes: "Sequence[Change]", account: str | None) -> None:
    """What differs from an earlier plan, before `plan.shown_until`."""
    say((f"Plan {plan.id}", "bold"), f", against {since}\n")
    table = grid(narrow=3)
    shown = [change for change in changes if account in (None, change.entry.account_key)]
    shown = [change for change in shown if min(filter(None, (change.before, change.after))) < plan.shown_until]
    for change in shown[:_LISTED]:
        sign, style, when = _said(change)
        title = Text(harmless(change.entry.title))
        table.add_row(Text(sign, style), when, harmless(change.entry.account_key), title)
    print_grid(table)
    if not shown:
        out.print("Nothing differs.")
    elif len(shown) > _LISTED:
        out.print(f"\n… and {len(shown) - _LISTED} more: show fewer days (--days) or one account (--account).")


def print_applied(applied: "Applied") -> None:
    for refused in applied.refused:
        say(("Not moved: ", "bold red"), f"“{refused.move.title}” on {refused.move.account_key}: {refused.reason}.")
    moved, left = len(applied.moved), len(applied.refused)
    out.print(f"Plan {applied.plan_id} is applied: {moved} moved, {left} left where they were.", highlight=False)


def _print_day(entries: "Sequence[Entry]") -> None:
    out.print(f"\n[bold]{_local(entries[0]):%A %d %B}[/]", highlight=False)
    table = grid(narrow=3)
    for entry in entries:
        here, utc = _local(entry), f"{entry.at:%H:%M} UTC"
        if entry.at.date() != here.date():
            utc = f"{entry.at:%a %H:%M} UTC"
        said = Text(harmless(entry.title))
        if entry.moved_from is not None:
            said.append(f"\nfrom {_when(entry.moved_from, entry.timezone)}", "yellow")
        said.append(f"\n{harmless('; '.join(entry.why))}", "dim")
        table.add_row(Text(f"{here:%H:%M}", "bold"), utc, harmless(entry.account_key), said)
    print_grid(table, indent=_INDENT)


def _print_findings(plan: "Plan", account: str | None) -> None:
    def own(key: str) -> bool:
        return account in (None, key)

    _print_section(
        "In the way",
        (
            f"{each.account_key}, {_when(each.at, each.timezone)}: {each.message}"
            for each in plan.conflicts
            if own(each.account_key)
        ),
    )
    _print_section(
        "Clocks change",
        (
            f"{each.timezone}: {each.local:%a %d %b %H:%M}, {'forward' if each.by.total_seconds() > 0 else 'back'} "
            f"by {abs(each.by.total_seconds()) / 60:.0f} min ({', '.join(keys)})"
            for each in plan.clock_changes
            if (keys := [key for key in each.account_keys if own(key)])
        ),
    )
    _print_section("Credentials", (_ending(each) for each in plan.credentials if own(each.account_key)))
    _print_section("Limits, at the fullest", (_left(each) for each in plan.allowances if own(each.account_key)))
    _print_section("Days without anything", (_empty(each) for each in plan.gaps if own(each.account_key)))


def _print_section(heading: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        out.print(f"\n[bold]{heading}[/]", highlight=False)
    for line in listed:
        print_indented(harmless(line), _INDENT)


def _print_sum(plan: "Plan", own: "Sequence[Entry]", shown: "Sequence[Entry]") -> None:
    moves = [entry for entry in own if entry.moved_from is not None]
    later = sum(entry.at >= plan.shown_until for entry in moves)
    out.print(f"\n{len(shown)} to go out; {len(moves)} would move" + (f", {later} of them later." if later else "."))
    if plan.value > 0:
        out.print(
            f"What planning placed is worth {plan.value:.2f}; placed one after another, {plan.greedy_value:.2f}.",
            highlight=False,
        )


def _said(change: "Change") -> tuple[str, str, str]:
    zone = change.entry.timezone
    if change.before is None:
        assert change.after is not None
        return "+", "green", _when(change.after, zone)
    if change.after is None:
        return "-", "red", _when(change.before, zone)
    return "~", "yellow", f"{_when(change.before, zone)} → {_when(change.after, zone)}"


def _ending(each: "CredentialsEnd") -> str:
    if each.at is None:
        return f"{each.account_key}: they can't be read, so nobody knows when they end. {each.reason}"
    when = _when(each.at, each.timezone)
    waiting = f"{each.waiting} would go out after that" if each.waiting else "nothing goes out after that"
    return f"{each.account_key}: they end {when}; {waiting}. Renew them: pressroom accounts connect {each.account_key}"


def _left(each: "Allowance") -> str:
    beyond = f"{-each.left} too many" if each.left < 0 else f"{each.left} left"
    return f"{each.account_key}: {beyond} of {each.most} ({each.window}), {_when(each.at, each.timezone)}"


def _empty(each: "Gap") -> str:
    days = f"{each.first:%a %d %b}" + (f" to {each.last:%a %d %b}" if each.last != each.first else "")
    return f"{each.account_key}: {days}, {each.free} free slots"


def _local(entry: "Entry") -> datetime:
    return clock.local(entry.at, entry.timezone)


def _when(at: datetime, zone: str) -> str:
    return f"{clock.local(at, zone):%a %d %b %H:%M}"
