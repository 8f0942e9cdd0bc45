"""`pressroom users`: whose names stand in the log, and who may decide."""

from typing import Annotated

import sqlalchemy as sa
import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.vocabulary import UserRole

app = typer.Typer(help="The people whose names stand in the log.", no_args_is_help=True)

Role = Annotated[list[UserRole] | None, typer.Option(help="May be repeated. Default: reviewer.")]


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
            table.add_row(escape(harmless(user.full_name)), escape(user.email), ", ".join(sorted(user.roles)), note)
    out.print(table)


@app.command("add")
def add_user(full_name: str, email: str, role: Role = None) -> None:
    """Add somebody, or give somebody more roles."""
    from pipeline.store.database import transaction
    from pipeline.store.users import add

    if not full_name.strip():
        fail("A person needs a name: it stands in the log.")
    roles = role or [UserRole.REVIEWER]
    try:
        with transaction(engine(), "pressroom users") as connection:
            add(connection, full_name.strip(), email.strip(), roles)
    except sa.exc.IntegrityError:
        fail(f"{escape(harmless(email))} is no email address.")
    out.print(f"Added: {escape(harmless(full_name.strip()))}, as {', '.join(roles)}.", highlight=False)


@app.command()
def roles(
    who: Annotated[str | None, typer.Argument(help="Email or full name. Default: who may do what.")] = None,
    role: Annotated[list[UserRole] | None, typer.Argument(help="Their roles from now on, all of them.")] = None,
    *,
    none: Annotated[bool, typer.Option("--none", help="Take all roles away.")] = False,
) -> None:
    """Set somebody's roles; without anybody, the table of who may do what."""
    from pipeline.store.database import transaction
    from pipeline.store.users import UnknownUserError, find, set_roles

    if who is None:
        _print_permissions()
        return
    if bool(role) == none:
        fail(f"Say which: some of {', '.join(UserRole)}, or --none.")
    try:
        with transaction(engine(), "pressroom users") as connection:
            user = find(connection, who)
            set_roles(connection, user.id, role or [])
    except UnknownUserError as error:
        fail(escape(harmless(str(error))))
    now = ", ".join(sorted(set(role or []))) or "none"
    out.print(f"{escape(harmless(user.full_name))}'s roles: {now}.", highlight=False)


def _print_permissions() -> None:
    from pipeline.editorial.permissions import ALWAYS_OWN, MAY, NEVER_OWN

    table = Table()
    for heading in ("may", *UserRole, "the author"):
        table.add_column(heading, justify="left" if heading == "may" else "center")
    for action, takers in MAY.items():
        own = "never" if action in NEVER_OWN else "always" if action in ALWAYS_OWN else ""
        table.add_row(action, *("yes" if role in takers else "" for role in UserRole), own)
    out.print(table)
