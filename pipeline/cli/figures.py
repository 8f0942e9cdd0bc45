"""`pressroom figures`: how the accounts' figures are asked for, how often, and for how much."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import adapters, engine, fail, harmless, out
from pipeline.cli.layout import print_grid

if TYPE_CHECKING:
    from pipeline.measurement.metrics.sync import SyncReport
    from pipeline.store.accounts import AccountRow
    from pipeline.store.metrics_reads import Standing

app = typer.Typer(help="How the accounts' figures are asked for, and what that costs. Without a command: the list.")

_NO_LIMIT = "none"


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.metrics_reads import standings

    now = datetime.now(UTC)
    with engine().connect() as connection:
        accounts = standings(connection, now)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("account", "last asked"):
        table.add_column(heading, no_wrap=True)
    for heading in ("due", "followed", "gone", "questions", "spent", "budget"):
        table.add_column(heading, justify="right")
    for each in accounts:
        table.add_row(*_cells(each))
    print_grid(table)
    out.print(f"Questions and dollars are those of {now:%B %Y}, in UTC.", highlight=False)
    for each in accounts:
        if each.retry_at is not None:
            reason = "its platform turned it away"
            out.print(f"{each.account_key} is not asked before {each.retry_at:%d %b %H:%M} UTC: {reason}.")


@app.command()
def sync(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]…", help="Their keys. Without one: all.")
    ] = None,
) -> None:
    """Ask for the figures that are due now. The schedule `sync_metrics_quarterly` does so by itself."""
    from pipeline.distribution.accounts import AccountUnusableError
    from pipeline.measurement.metrics.sync import CannotOpenError, sync_accounts
    from pipeline.platforms.base import Adapter

    open_account = adapters()

    def open_adapter(account: "AccountRow") -> Adapter:
        try:
            return open_account(account)
        except AccountUnusableError as error:
            raise CannotOpenError(str(error)) from error

    failed = False
    for account, report in sync_accounts(engine(), _accounts(keys), open_adapter):
        failed = failed or report.error is not None
        out.print(f"[bold]{account.account_key}[/]: {escape(harmless(_told(report)))}", highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def budget(
    key: Annotated[str, typer.Argument(help="The account's key, as the list shows it.")],
    usd: Annotated[str, typer.Argument(help="Dollars a calendar month, or `none`.")],
) -> None:
    """The most that reading an account's figures may cost a month, by its platform's price list.

    It is given out day by day. What it does not pay for stays due, the youngest publications being asked for first.
    """
    from pipeline.store import accounts, metrics_reads
    from pipeline.store.database import transaction

    most = _dollars(usd)
    try:
        with transaction(engine(), "pressroom figures") as connection:
            account = accounts.get(connection, key)
            metrics_reads.set_budget(connection, account.id, most)
    except accounts.UnknownAccountError as error:
        fail(escape(harmless(str(error))))
    out.print(f"{key}: {'no limit' if most is None else f'${most:,} a month'} for reading figures", highlight=False)


def _accounts(keys: list[str] | None) -> "list[AccountRow]":
    from pipeline.store import accounts

    with engine().connect() as connection:
        if not keys:
            return accounts.all_accounts(connection)
        try:
            return [accounts.get(connection, key) for key in keys]
        except accounts.UnknownAccountError as error:
            fail(escape(harmless(str(error))))


def _cells(account: "Standing") -> tuple[str, ...]:
    asked = "never" if account.synced_at is None else f"{account.synced_at:%d %b %H:%M}"
    counts = (account.due, account.followed, account.gone, account.calls)
    limit = "" if account.budget_usd is None else f"${account.budget_usd:,.2f}"
    return account.account_key, asked, *(f"{count:,}" for count in counts), f"${account.spent_usd:,.2f}", limit


def _told(report: "SyncReport") -> str:
    said = [f"{report.stored} stored"]
    said += [f"{report.gone} gone"] * bool(report.gone)
    said += [f"{report.unanswered} without an answer"] * bool(report.unanswered)
    said += [f"{report.left} still due"] * bool(report.left)
    said += [f"{report.over_budget} of them beyond the budget"] * bool(report.over_budget)
    said += [f"${report.usd:,.3f}"] * bool(report.usd)
    if report.rests_until is not None:
        said.append(f"asked again from {report.rests_until:%d %b %H:%M} UTC")
    said += [report.error] if report.error else []
    return "; ".join(said)


def _dollars(text: str) -> Decimal | None:
    if text == _NO_LIMIT:
        return None
    try:
        usd = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0:
        fail(f"The budget is dollars a month, such as 20, or `{_NO_LIMIT}`; not {escape(harmless(repr(text)))}.")
    return usd
