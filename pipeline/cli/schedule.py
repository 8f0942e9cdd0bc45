"""`pressroom schedule`: when a post goes out, and another time for it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline import clock
from pipeline.cli.console import canonical_id_of, engine, fail, out
from pipeline.cli.groups import ShowUnlessCommand
from pipeline.cli.layout import grid, print_grid, print_indented
from pipeline.cli.review_desk import As, Post, acting_user, decision, say

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.editorial.moving import Rescheduled

app = typer.Typer(
    cls=ShowUnlessCommand,
    no_args_is_help=True,
    help="When a post goes out. `schedule POST`: its times. `schedule POST --at TIME`: another one.",
)

On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="ACCOUNT", help="Only on this account; its key. May be repeated. Default: on all."),
]
Vertical = Annotated[str, typer.Argument(metavar="VERTICAL", help="Its short name, as `pressroom verticals` shows it.")]
_AT_HELP: Final = "2026-11-23 09:00, in the vertical's zone unless it carries an offset"
_SHOWN: Final = 50


@app.command()
def show(
    post: Post,
    *,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"Move it: {_AT_HELP}; best, to have it chosen; now.")
    ] = None,
    on: On = None,
    who: As = None,
) -> None:
    """When a post goes out; with --at, move it.

    The whole post moves with its home page, each account by as much; optimized ones are chosen anew after it.
    """
    canonical_id = canonical_id_of(post)
    if at is None:
        if on:
            fail("--on says what to move; say when, too: --at TIME, best or now.")
        _print_standing(canonical_id)
        return
    from pipeline.editorial import rescheduling

    with decision():
        done = rescheduling.reschedule(
            engine(), canonical_id, acting_user(who), None if at == "now" else at, accounts=on or ()
        )
    _tell(done)


@app.command()
def swap(first: Post, second: Post, *, on: On = None, who: As = None) -> None:
    """Have two posts change places. What only one of them goes to moves with its home page."""
    from pipeline.editorial import rescheduling

    with decision():
        done = rescheduling.swap(
            engine(), canonical_id_of(first), canonical_id_of(second), acting_user(who), accounts=on or ()
        )
    _tell(done)


@app.command()
def bump(
    post: Post,
    at: Annotated[str, typer.Option(metavar="TIME", help=f"When: {_AT_HELP}.")],
    *,
    on: On = None,
    who: As = None,
) -> None:
    """Move a post to a time that may be taken: what stands there goes to its own next best time."""
    from pipeline.editorial import rescheduling

    with decision():
        done = rescheduling.bump(engine(), canonical_id_of(post), acting_user(who), at, accounts=on or ())
    _tell(done)


@app.command("import")
def bring_in(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A CSV file with the columns post, account, at and timezone.",
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try it and tell what would come of it.")] = False,
    who: As = None,
) -> None:
    """Give many posts the times of a list: all of them, or none."""
    from pipeline.editorial import schedule_list

    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"The file is not UTF-8 (byte {error.start}). A spreadsheet saves it so as “CSV UTF-8”.")
    with decision():
        done = schedule_list.bring_in(engine(), schedule_list.read(text), acting_user(who), dry_run=dry_run)
    _tell(done)
    if dry_run:
        say("Nothing was changed: this is what would be.")


@app.command()
def pause(
    vertical: Vertical,
    note: Annotated[str, typer.Option(help="Why; shown with what it keeps back.")],
    who: As = None,
) -> None:
    """Keep back all of a vertical. What is scheduled keeps its time; what is on its way still goes out."""
    from pipeline.editorial import pausing

    with decision():
        waiting = pausing.pause(engine(), vertical, acting_user(who), note)
    say(f"Paused. Scheduled, and kept back: {waiting.scheduled}. To go on: pressroom schedule resume {vertical}")


@app.command()
def resume(vertical: Vertical, who: As = None) -> None:
    """Let a vertical go on. What is late by now goes by each account's lateness policy."""
    from pipeline.editorial import pausing

    with decision():
        waiting = pausing.resume(engine(), vertical, acting_user(who))
    say(f"{vertical} goes on. Scheduled: {waiting.scheduled}, of which due by now: {waiting.due}.")


def _print_standing(canonical_id: str) -> None:
    from pipeline.store.calendar import standing

    with engine().connect() as connection:
        versions = standing(connection, canonical_id)
    if not versions:
        fail(f"{canonical_id} has no versions yet: Dagster's asset distribution_plan makes them.")
    table = grid(narrow=2)
    for version in versions:
        when = "no time yet" if version.at is None else _when(version.at, version.timezone)
        fixed = ", fixed" if version.status == "scheduled" and version.is_pinned else ""
        table.add_row(version.account_key, f"{version.status}{fixed}", when)
    print_grid(table)
    for version in versions:
        _tell_holding(version.account_key, version.handed_over_for, version.timezone)
    out.print(f"\nAnother time: pressroom schedule {canonical_id} --at TIME", highlight=False)


def _tell(done: "Rescheduled") -> None:
    if not done.moved:
        say("It is so already: nothing was moved.")
    table = grid(narrow=1)
    for each in done.moved[:_SHOWN]:
        told = f"{_when(each.at, each.timezone)}, was {clock.told(each.from_at, each.timezone)}"
        table.add_row(each.account_key, f"{each.canonical_id}  {told}")
    print_grid(table)
    if len(done.moved) > _SHOWN:
        say(f"and {len(done.moved) - _SHOWN} more")
    for each in done.moved:
        _tell_holding(each.account_key, each.held_for, each.timezone)
    for doubt in done.doubts:
        say(("note  ", "yellow"), doubt)


def _tell_holding(account_key: str, held_for: "datetime | None", timezone: str) -> None:
    if held_for is not None:
        print_indented(
            f"{account_key} holds it for {_when(held_for, timezone)} by itself. Where that is another time it is taken "
            "back first, within seconds while a worker or Dagster runs; if that comes too late, you are told.",
            0,
        )


def _when(at: "datetime", timezone: str) -> str:
    seconds = ":%S" if at.second else ""
    return f"{clock.local(at, timezone):%Y-%m-%d %H:%M{seconds}} {timezone} ({at:%Y-%m-%d %H:%M} UTC)"
