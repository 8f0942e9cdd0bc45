"""`pressroom alerts`: what a person was told of, and whether the channels work."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, err, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.alerts import AlertRow

app = typer.Typer(
    help="What you are told of: failures, paused accounts, missed slots. Without a command: what is open."
)

_RECENT = 100


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too: the latest hundred.")] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.alerts import open_alerts, recent_alerts

    with engine().connect() as connection:
        alerts = recent_alerts(connection, _RECENT) if every else open_alerts(connection)
    if not alerts:
        out.print("Nothing was ever raised." if every else "Nothing is open.")
        return
    out.print(_table(alerts))


@app.command()
def digest() -> None:
    """The daily digest as it would be now. Nothing is sent."""
    from pipeline.alerting import digest as daily

    with engine().connect() as connection:
        notice = daily.as_notice(daily.read(connection, settings()))
    out.print(f"[bold]{escape(notice.title)}[/]\n")
    out.print(notice.text, markup=False, highlight=False, soft_wrap=True)


@app.command()
def test() -> None:
    """Send a test message over every channel that is set up, and say which of them work."""
    from datetime import UTC, datetime

    from pipeline.alerting.channels import channels
    from pipeline.alerting.notices import Notice
    from pipeline.distribution.relay import DeliveryError
    from pipeline.store.alerts import CHANNELS

    now = datetime.now(UTC)
    notice = Notice(
        id=f"test {now.isoformat()}", title="A test", text="Alerts reach you here. Sent by: pressroom alerts test"
    )
    ways = channels(settings())
    works = True
    for name in CHANNELS:
        if name not in ways:
            out.print(f"{name:<6} is not set up")
            continue
        try:
            ways[name](notice)
            out.print(f"{name:<6} [green]works[/]")
        except DeliveryError as error:
            works = False
            err.print(f"{name:<6} [red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
    if not works:
        raise typer.Exit(1)


def _table(alerts: "list[AlertRow]") -> Table:
    table = Table()
    for heading in ("since", "what", "about", "", "times", "over"):
        table.add_column(heading, overflow="fold")
    for alert in alerts:
        over = f"{alert.resolved_at.astimezone():%m-%d %H:%M}" if alert.resolved_at else "[red]open[/]"
        table.add_row(
            f"{alert.raised_at.astimezone():%m-%d %H:%M}",
            alert.kind,
            escape(alert.subject),
            escape(alert.message),
            str(alert.times),
            over,
        )
    return table
