"""`pressroom costs fees` and `pressroom costs other`: what accounts cost, and whatever else was paid."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

import sqlalchemy as sa
import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.cost_tables import usd

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

app = typer.Typer(help="What accounts cost: own rates before the platforms' list prices. Without a command: the list.")
other = typer.Typer(help="Other costs: a drawing, a photograph, an advertisement. Without a command: the list.")

_ACTOR = "pressroom costs"
_LISTED = 50
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's key.")]
Kind = Annotated[
    Literal["month", "publication", "call"],
    typer.Argument(help="A month, each publication, or each time one publication's figures are asked for."),
]
Amount = Annotated[float, typer.Argument(min=0, help="US dollars.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="UTC. Default: today.")]


@app.callback(invoke_without_command=True)
def fees(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """The rates that were set here."""
    from pipeline.store.fees import all_fees

    with engine().connect() as connection:
        found = all_fees(connection)
    if not found:
        out.print("None is set: what is published and asked for costs the platforms' list prices.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("account", "a", "rate", "from", "to", "note"):
        table.add_column(heading, justify="right" if heading == "rate" else "left", overflow="fold")
    for fee in found:
        ends = f"{fee.ends_on}" if fee.ends_on else ""
        table.add_row(
            escape(harmless(fee.account_key)),
            fee.kind,
            usd(fee.usd),
            f"{fee.starts_on}",
            ends,
            escape(harmless(fee.note)),
        )
    out.print(table)


@app.command("set")
def set_(
    account: Account,
    kind: Kind,
    amount: Amount,
    *,
    since: Day = None,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Set a rate from a day on; a month's from the first of its month, shared by what is published in the month."""
    from pipeline.store.database import transaction
    from pipeline.store.fees import set_fee

    with transaction(engine(), _ACTOR) as connection:
        set_fee(connection, _account_id(connection, account), kind, Decimal(str(amount)), since=_day(since), note=note)
    out.print(f"{escape(account)}: {usd(Decimal(str(amount)))} a {kind}.", highlight=False)
    out.print("It is in the profits after the next run: pressroom attribution run", highlight=False)


@app.command()
def end(account: Account, kind: Kind, *, on: Day = None) -> None:
    """End the rate that holds on that day, its last; afterwards the platform's list price holds."""
    from pipeline.store.database import transaction
    from pipeline.store.fees import end_fee

    with transaction(engine(), _ACTOR) as connection:
        ended = end_fee(connection, _account_id(connection, account), kind, on=_day(on))
    if not ended:
        fail(f"{escape(account)} has no rate a {kind} that goes on after {_day(on)}: pressroom costs fees")
    out.print("Ended.")


@other.callback(invoke_without_command=True)
def others(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.fees import other_costs

    with engine().connect() as connection:
        found = other_costs(connection, most=_LISTED)
    if not found:
        out.print("None is noted.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("no.", "day", "cost", "what", "for"):
        table.add_column(heading, justify="right" if heading in {"no.", "cost"} else "left", overflow="fold")
    for each in found:
        what_for = escape(harmless(each.what_for)) if each.what_for else "[dim]all[/]"
        table.add_row(str(each.id), f"{each.day}", usd(each.usd), escape(harmless(each.what)), what_for)
    out.print(table)


@other.command()
def add(
    amount: Amount,
    what: Annotated[str, typer.Argument(help="What was paid for.")],
    *,
    post: Annotated[str | None, typer.Option(help="For this post; its id's beginning is enough.")] = None,
    account: Annotated[str | None, typer.Option(help="For this account; its key.", metavar="KEY")] = None,
    vertical: Annotated[str | None, typer.Option(help="For this vertical.", metavar="SLUG")] = None,
    day: Day = None,
) -> None:
    """Note a cost: for a post, an account, a vertical, or without any of them for all."""
    from pipeline.store.database import transaction
    from pipeline.store.fees import add_other
    from pipeline.store.posts import id_of

    if sum(each is not None for each in (post, account, vertical)) > 1:
        fail("A cost is for one of --post, --account and --vertical.")
    if not what.strip():
        fail("Say what was paid for.")
    canonical_id = None if post is None else canonical_id_of(post)
    with transaction(engine(), _ACTOR) as connection:
        number = add_other(
            connection,
            day=_day(day),
            usd=Decimal(str(amount)),
            what=what.strip(),
            post_id=None if canonical_id is None else id_of(connection, canonical_id),
            platform_id=None if account is None else _account_id(connection, account),
            vertical_id=None if vertical is None else _vertical_id(connection, vertical),
        )
    out.print(f"Noted as no. {number}.", highlight=False)


@other.command()
def remove(number: Annotated[int, typer.Argument(help="The cost's number in the list.")]) -> None:
    """Take back what was noted by mistake."""
    from pipeline.store.database import transaction
    from pipeline.store.fees import remove_other

    with transaction(engine(), _ACTOR) as connection:
        removed = remove_other(connection, number)
    if not removed:
        fail(f"There is no cost no. {number}: pressroom costs other")
    out.print("Removed.")


def _day(given: datetime | None) -> "date":
    return (given or datetime.now(UTC)).date()


def _account_id(connection: sa.Connection, key: str) -> "UUID":
    from pipeline.store.accounts import UnknownAccountError, get

    try:
        return get(connection, key).id
    except UnknownAccountError as error:
        fail(escape(harmless(str(error))))


def _vertical_id(connection: sa.Connection, slug: str) -> "UUID":
    from pipeline.store.verticals import UnknownVerticalError, vertical

    try:
        return vertical(connection, slug).id
    except UnknownVerticalError as error:
        fail(escape(harmless(str(error))))
