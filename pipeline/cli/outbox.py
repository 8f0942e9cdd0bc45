"""`pressroom outbox`: what is still to be told to the world, and what could not be."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.outbox import Undelivered

app = typer.Typer(
    help="What follows publications and is not delivered yet: webhooks, search engines, hubs, alerts. "
    "Without a command: the list."
)

_SHOWN = 100


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.followups import handlers
    from pipeline.store.outbox import undelivered

    delivered_by_us = handlers(settings(), engine()).keys()
    with engine().connect() as connection:
        rows = undelivered(connection, limit=_SHOWN + 1)
    for row in rows[:_SHOWN]:
        _print(row, delivered_by_us)
    if not rows:
        out.print("Everything is delivered.")
    if len(rows) > _SHOWN:
        out.print(f"There are more than these {_SHOWN}.")


@app.command()
def retry(
    delivery: Annotated[list[int] | None, typer.Argument(help="Ids, as the list shows them.")] = None,
    *,
    given_up: Annotated[bool, typer.Option("--given-up", help="All that were given up.")] = False,
) -> None:
    """Try again now, with all tries anew."""
    from pipeline.store.database import transaction
    from pipeline.store.outbox import ask_again

    if bool(delivery) == given_up:
        fail("Say which: ids, or --given-up for all of those.")
    with transaction(engine(), "pressroom outbox") as connection:
        asked = ask_again(connection, delivery or None)
    out.print(f"Due now: {len(asked)}. The next run of the job `deliver_followups` tries them.")
    if missing := sorted(set(delivery or []) - set(asked)):
        fail(f"Delivered already, or never there: {', '.join(map(str, missing))}.")


def _print(row: "Undelivered", delivered_by_us: Collection[str]) -> None:
    """Where to and when, then what and why not yet. Times are this machine's."""
    if row.given_up_at is not None:
        when = "[red]given up[/]"
    elif row.topic not in delivered_by_us:
        when = "[red]nobody delivers this topic[/]"
    else:
        when = f"next try {row.available_at.astimezone():%Y-%m-%d %H:%M:%S}"
    since = f"since {row.created_at.astimezone():%Y-%m-%d %H:%M:%S}, tries: {row.tries}"
    out.print(f"{row.id:>8}  [bold]{escape(row.lane)}[/]  {when}  {since}", highlight=False, soft_wrap=True)
    what = " · ".join(escape(text) for text in (row.idempotency_key, row.last_error) if text)
    out.print(f"          {what}", highlight=False, soft_wrap=True)
