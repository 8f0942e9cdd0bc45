"""`pressroom timing`: what the hours of each account's week are worth, and how surely."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.posting_hours import LearnedWeek


def timing(
    account: Annotated[str | None, typer.Argument(help="Its key. Default: all accounts in a line each.")] = None,
    *,
    learn: Annotated[bool, typer.Option("--learn", help="Learn anew from the figures that are there first.")] = False,
) -> None:
    """What hours are worth to an account, learned from engagement at the same age; 1 is a good hour."""
    from pipeline.store.posting_hours import PostingHoursError

    if learn:
        from pipeline.learning.timing.hours import EXPLORING
        from pipeline.learning.timing.learning import learn_hours

        now = datetime.now(UTC)
        learned = learn_hours(engine(), settings().user or "pressroom timing", now=now, exploring=EXPLORING)
        enough = sum(bool(each.week.hours) for each in learned)
        out.print(f"Learned: {enough} of {len(learned)} accounts have enough data.\n", highlight=False)
    try:
        if account is None:
            _list()
        else:
            _show(account)
    except PostingHoursError as error:
        fail(escape(harmless(str(error))))


def _list() -> None:
    from pipeline.learning.timing.heatmap import best, clock_of
    from pipeline.store import posting_hours, timing_figures

    table = Table(box=None, pad_edge=False)
    for heading in ("account", "publications", "best hours"):
        table.add_column(heading, justify="right" if heading == "publications" else "left", overflow="fold")
    with engine().connect() as connection:
        for account in timing_figures.accounts(connection):
            week = posting_hours.week_of(connection, account.key)
            if week is None:
                table.add_row(account.key, "", "nothing learned yet")
            elif isinstance(week, list):
                table.add_row(account.key, "", f"stated, not learned: {len(week)} hours of the week")
            else:
                named = ", ".join(clock_of(hour) for hour in best(week, 3))
                table.add_row(account.key, str(week.publications), named or "not enough data")
    out.print(table)
    out.print("\nOne account's week: pressroom timing ACCOUNT. Learn anew: pressroom timing --learn", highlight=False)


def _show(key: str) -> None:
    from pipeline.learning.timing.heatmap import DAY_NAMES
    from pipeline.store import posting_hours, timing_figures

    with engine().connect() as connection:
        account = next((each for each in timing_figures.accounts(connection) if each.key == key), None)
        if account is None:
            fail(f"No account is called {escape(harmless(repr(key)))}; `pressroom accounts` lists them.")
        week = posting_hours.week_of(connection, key)
    out.print(f"[bold]{account.key}[/]  {account.platform}, hours of {account.timezone}\n", highlight=False)
    if week is None:
        out.print("Nothing was learned of it yet: pressroom timing --learn", highlight=False)
    elif isinstance(week, list):
        stated = ", ".join(f"{DAY_NAMES[hour.day_of_week]} {hour.hour:02}:00" for hour in week)
        out.print(f"Stated as good, not learned: {stated}.", highlight=False)
    else:
        _print_week(week)


def _print_week(week: "LearnedWeek") -> None:
    from pipeline.learning.timing.heatmap import LEGEND, best, clock_of, in_words, lines

    if week.hours:
        for line in lines(week):
            out.print(line, highlight=False, markup=False)
        out.print(f"\n{LEGEND}\n", highlight=False, markup=False)
        table = Table(box=None, pad_edge=False)
        for heading in ("best hours", "worth", "with 90 %", "publications"):
            table.add_column(heading, justify="left" if heading == "best hours" else "right")
        for hour in best(week):
            table.add_row(clock_of(hour), f"{hour.value:.2f}", f"{hour.low:.2f} to {hour.high:.2f}", str(hour.n))
        out.print(table)
        out.print()
    out.print(in_words(week), highlight=False)
    if week.hours and week.exploring:
        out.print(f"{week.exploring:.0%} of its versions try hours by a draw ({week.drawn_for}).", highlight=False)
    out.print(f"Learned {week.learned_at:%Y-%m-%d %H:%M} UTC.", highlight=False)
