"""`pressroom distributions` and `users`: what is where, and who may decide."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, out
from pipeline.vocabulary import DistributionStatus, UserRole

if TYPE_CHECKING:
    from pipeline.store.overview import LedgerRow

users_app = typer.Typer(help="The people whose names stand in the log.", no_args_is_help=True)

_COLOURS = {"published": "green", "failed": "red", "unknown": "red", "held": "yellow"}


def distributions(
    what: Annotated[
        str | None,
        typer.Argument(help="A post's id: all its versions. A distribution's id: its journal. A beginning will do."),
    ] = None,
    status: Annotated[list[DistributionStatus] | None, typer.Option(help="Only these; may be repeated.")] = None,
) -> None:
    """Where every post is, and why. Without an argument: the latest of all."""
    from pipeline.store import overview

    with engine().connect() as connection:
        if what is None:
            rows = overview.open_distributions(connection, status or list(DistributionStatus))
        else:
            rows = overview.distributions_matching(connection, what)
        journal = overview.journal_of(connection, rows[0].id) if what is not None and len(rows) == 1 else []
    if not rows:
        fail(f"No post or distribution begins with {what!r}." if what else "There are none yet.")
    for row in rows:
        print_ledger_row(row)
    if journal:
        _show_journal(journal)
    elif what:
        out.print("\nEverything that happened to one of them: pressroom distributions ID", highlight=False)


def print_ledger_row(row: "LedgerRow") -> None:
    """One distribution on two lines: where it is, then the link or the reason."""
    colour = _COLOURS.get(row.status, "default")
    out.print(
        f"{str(row.id)[:8]}  [{colour}]{row.status:<10}[/] {row.account_key:<18} "
        f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}  [bold]{escape(row.title)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    if row.what:
        out.print(f"          {escape(row.what)}", highlight=False, soft_wrap=True)


@users_app.command("list")
def list_users() -> None:
    """Everybody, with their roles."""
    from pipeline.store.users import everyone

    table = Table()
    for heading in ("name", "email", "roles", ""):
        table.add_column(heading)
    with engine().connect() as connection:
        for user in everyone(connection):
            note = "" if user.is_person else "scripted, not a person"
            table.add_row(escape(user.full_name), user.email, ", ".join(sorted(user.roles)), note)
    out.print(table)


@users_app.command("add")
def add_user(
    full_name: str,
    email: str,
    role: Annotated[list[UserRole] | None, typer.Option(help="May be repeated.")] = None,
) -> None:
    """Add somebody, or give somebody more roles."""
    from pipeline.store.database import transaction
    from pipeline.store.users import add

    with transaction(engine(), "pressroom users") as connection:
        add(connection, full_name, email, role or [UserRole.REVIEWER])
    out.print(f"{escape(full_name)} is known.")


def _show_journal(entries: list[dict[str, object]]) -> None:
    out.print("\n[bold]Everything that happened to it[/] (UTC)")
    for entry in entries:
        at, kind, what, detail = (escape(str(entry[name])) for name in ("at", "kind", "what", "detail"))
        out.print(f"  {at[:23]}  {kind:<8} {what}  [dim]{detail}[/]", highlight=False, soft_wrap=True)
