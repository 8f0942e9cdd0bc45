"""`pressroom users`: whose names stand in the log, and who may decide."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, out
from pipeline.vocabulary import UserRole

app = typer.Typer(help="The people whose names stand in the log.", no_args_is_help=True)


@app.command("list")
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


@app.command("add")
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
