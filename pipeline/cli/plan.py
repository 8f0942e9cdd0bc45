"""`pressroom plan`: what would go out when, before it is so."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, keepers, out
from pipeline.cli.review_desk import As, acting_user
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.scheduling.proposal import Change, Plan

app = typer.Typer(help="The coming days as planning would have them. Nothing changes until `plan apply`.")

_WEEKS: int = 8


@app.callback(invoke_without_command=True)
def plan(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=7 * _WEEKS, help="How many of the coming days to show.")] = 14,
    account: Annotated[str | None, typer.Option(help="Show only what concerns this account; its key.")] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what differs from the plan that was applied last.")
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.cli.plan_shown import print_changes, print_plan

    made = _made(days)
    if account is not None and account not in {remaining.account_key for remaining in made.remaining}:
        fail(f"No account is called {escape(harmless(repr(account)))}; `pressroom accounts` lists them.")
    if diff:
        print_changes(made, *_applied_before(made), account)
    else:
        print_plan(made, account)
    if made.moves:
        out.print(f"\nMake these moves: pressroom plan apply {made.id}", highlight=False)


@app.command()
def apply(
    number: Annotated[int | None, typer.Argument(help="The plan's. Default: the one that was made last.")] = None,
    *,
    who: As = None,
) -> None:
    """Make the moves of a plan; what changed since it was made stays where it is, and is named."""
    from pipeline.cli.plan_shown import print_applied
    from pipeline.editorial.permissions import Action, PermissionDeniedError, require
    from pipeline.scheduling.applying import PlanError
    from pipeline.scheduling.applying import apply as make_moves

    user = acting_user(who)
    try:
        require(user, Action.RESCHEDULE)
        applied = make_moves(engine(), user.full_name, plan_id=number, now=datetime.now(UTC))
    except (PermissionDeniedError, PlanError) as error:
        fail(escape(harmless(str(error))))
    print_applied(applied)
    if applied.refused:
        raise typer.Exit(1)


def _made(days: int) -> "Plan":
    from pipeline.distribution.endings import endings
    from pipeline.scheduling import planning
    from pipeline.scheduling.closing import HolidayError
    from pipeline.scheduling.materialise import CalendarBusyError
    from pipeline.store.posting_hours import PostingHoursError

    actor = settings().user or "pressroom plan"
    try:
        return planning.plan(engine(), actor, now=datetime.now(UTC), days=days, endings=endings(engine(), keepers()))
    except (CalendarBusyError, HolidayError, PostingHoursError) as error:
        fail(escape(harmless(str(error))))


def _applied_before(made: "Plan") -> "tuple[str, list[Change]]":
    """Which plan that was, in words, and what differs from it."""
    from pipeline.scheduling.diff import changes
    from pipeline.scheduling.planning import known
    from pipeline.store.schedule_plans import last_applied

    with engine().connect() as connection:
        before = last_applied(connection)
    if before is None or before.applied_at is None:
        fail("No plan was applied yet, so there is none to compare with. The whole plan: pressroom plan")
    said = f"plan {before.id}, applied {before.applied_at:%Y-%m-%d %H:%M} UTC by {before.applied_by}"
    return said, changes(map(known, before.entries), made.entries, now=made.begins)
