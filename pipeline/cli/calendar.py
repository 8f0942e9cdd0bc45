"""`pressroom calendar`: what goes out when, here, in files, and in people's calendar programs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import engine, err, fail, harmless, out
from pipeline.cli.layout import grid, print_grid, print_indented
from pipeline.settings import settings
from pipeline.vocabulary import DistributionStatus, SlotType

if TYPE_CHECKING:
    from pipeline.scheduling.agenda import Day
    from pipeline.store.calendar_view import Entry

app = typer.Typer(help="What goes out when. Without a command: the coming days.")

_INDENT: Final = 2
_FEW_ACCOUNTS: Final = 6
"""Of so many it is told for each what is free on a day; of more, only how much in all."""

Account = Annotated[
    list[str] | None, typer.Option("--account", help="Only this account's; its key. May be repeated.", metavar="KEY")
]


class Format(StrEnum):
    ICS = "ics"
    CSV = "csv"


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=56, help="How many days, today included.")] = 7,
    account: Account = None,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.scheduling import agenda
    from pipeline.scheduling.closing import HolidayError
    from pipeline.scheduling.materialise import CalendarBusyError, keep_up

    now = datetime.now(UTC)
    _require_known(account)
    try:
        keep_up(engine(), now=now)
    except CalendarBusyError as error:
        err.print(f"[yellow]Free slots may be missing:[/] {escape(harmless(str(error)))}", highlight=False)
    except HolidayError as error:
        fail(escape(harmless(str(error))))
    with engine().connect() as connection:
        found = agenda.load(connection, now=now, days=days, account_keys=account)
    if not found:
        out.print("There is no account yet; add one: pressroom accounts add KEY PLATFORM", highlight=False)
        return
    for day in found:
        _print_day(day)
    out.print("\nWhat planning would change: pressroom plan", highlight=False)


@app.command()
def export(
    *,
    format_: Annotated[Format, typer.Option("--format", help="ics for calendar programs, csv for spreadsheets.")],
    to: Annotated[Path | None, typer.Option(help="The file. Default: what you see here.", dir_okay=False)] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How many days from now on. Default: all.")] = None,
    account: Account = None,
) -> None:
    """Write what is to come into a file. The CSV can be changed and read again by `pressroom schedule import`."""
    from pipeline.scheduling.calendar_csv import to_csv
    from pipeline.scheduling.ical import to_ical
    from pipeline.store.calendar_view import entries

    now = datetime.now(UTC)
    _require_known(account)
    with engine().connect() as connection:
        ends = None if days is None else now + timedelta(days=days)
        found = entries(connection, begins=now, ends=ends, accounts=account)
    # Excel takes a CSV for UTF-8 only where it begins with a byte order mark; a program that reads a pipe wants none.
    written = to_ical(found) if format_ == Format.ICS else to_csv(found).encode("utf-8-sig" if to else "utf-8")
    if to is None:
        typer.echo(written, nl=False)
        return
    try:
        to.write_bytes(written)
    except OSError as error:
        fail(escape(f"{to} can't be written: {error.strerror}."))
    out.print(escape(f"{len(found)} entries written to {to}."), highlight=False, soft_wrap=True)


@app.command()
def feed(
    *,
    rotate: Annotated[bool, typer.Option("--rotate", help="A new address; the one of until now ends.")] = False,
) -> None:
    """The secret address by which calendar programs follow the calendar. Whoever knows it can read, and only read."""
    from pipeline.scheduling.feed import path
    from pipeline.store.calendar_view import make_feed_token, rotate_feed_token
    from pipeline.store.database import transaction

    with transaction(engine(), "pressroom calendar feed") as connection:
        token = rotate_feed_token(connection) if rotate else make_feed_token(connection)
    base = settings().feed_url or f"http://127.0.0.1:{settings().feed_port}"
    out.print(f"{base.rstrip('/')}{path(token)}", highlight=False, soft_wrap=True, markup=False)
    if rotate:
        out.print("Whoever subscribed to the old address has to subscribe to this one.")
    if settings().feed_url is None:
        print_indented(
            "It is served to this machine, by `pressroom up` or `pressroom calendar serve`. For others put a proxy "
            "with TLS before it and set PRESSROOM_FEED_URL.",
            0,
            "dim",
        )


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="By default PRESSROOM_FEED_PORT.")] = None,
) -> None:
    """Serve the feed to this machine, until interrupted. `pressroom calendar feed` tells its address."""
    from pipeline.scheduling.feed import run

    port = port or settings().feed_port
    out.print(f"The calendar's feed on port {port}; its address: pressroom calendar feed", highlight=False)
    run(engine(), port=port)


def _require_known(keys: Sequence[str] | None) -> None:
    from pipeline.store.accounts import all_accounts

    with engine().connect() as connection:
        known = [row.account_key for row in all_accounts(connection)]
    for key in keys or ():
        if key not in known:
            fail(escape(f"There is no account {harmless(key)}; there is {', '.join(known) or 'none yet'}."))


def _print_day(day: "Day") -> None:
    out.print(f"\n[bold]{day.date:%a %-d %b %Y}[/]{'' if day.entries else '  nothing'}", highlight=False)
    table = grid(narrow=3)
    for entry in day.entries:
        table.add_row(*_times(entry), entry.account_key, escape(harmless(entry.title)) + _remark(entry))
    if day.entries:
        print_grid(table, indent=_INDENT)
    for line in (_room(day), _locked(day)):
        if line:
            print_indented(line, _INDENT, "dim")
    for key, reason in day.closed.items():
        print_indented(f"closed: {key}, {harmless(reason)}", _INDENT, "yellow")
    for zone_name, hours in day.clocks.items():
        print_indented(f"the clocks change: {hours:g} hours in {zone_name}", _INDENT, "yellow")


def _times(entry: "Entry") -> tuple[str, str]:
    """By the account's clock, and in UTC, with the weekday where it is another one there."""
    local = entry.at.astimezone(clock.zone(entry.timezone))
    utc = f"{_of_day(entry.at)} UTC"
    return f"{_of_day(local)} {local:%Z}", utc if local.date() == entry.at.date() else f"{entry.at:%a} {utc}"


def _of_day(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _remark(entry: "Entry") -> str:
    if entry.note:
        return f"\n[yellow]{escape(harmless(entry.note))}[/]"
    if entry.status == DistributionStatus.PUBLISHED:
        return " [green]published[/]"
    if entry.status == DistributionStatus.PUBLISHING:
        return " [green]on its way[/]"
    return " [dim](fixed)[/]" if entry.is_pinned else ""


def _room(day: "Day") -> str:
    rooms = {key: room.free for key, room in day.room.items() if room.free}
    if not rooms:
        return "free: nothing"
    if len(day.room) > _FEW_ACCOUNTS:
        slots, prime = (sum(sum(free[kind] for kind in kinds) for free in rooms.values()) for kinds in _KINDS)
        return f"free: {slots} on {len(rooms)} accounts{f' ({prime} prime)' if prime else ''}"
    return "free: " + ", ".join(
        f"{key} {free.total()}{f' ({free[SlotType.PRIME]} prime)' if free[SlotType.PRIME] else ''}"
        for key, free in rooms.items()
    )


_KINDS: Final = (tuple(SlotType), (SlotType.PRIME,))


def _locked(day: "Day") -> str:
    locked = {key: room.locked for key, room in day.room.items() if room.locked}
    if len(day.room) > _FEW_ACCOUNTS and locked:
        return f"locked: {sum(locked.values())} on {len(locked)} accounts"
    return "locked: " + ", ".join(f"{key} {count}" for key, count in locked.items()) if locked else ""
