"""`pressroom distributions` and `users`: what is where, and who may decide."""

from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, out
from pipeline.vocabulary import DistributionStatus, UserRole

users_app = typer.Typer(help="The people whose names stand in the log.", no_args_is_help=True)

_COLOURS = {"published": "green", "failed": "red", "unknown": "red", "held": "yellow"}


def distributions(
    what: Annotated[
        str | None, typer.Argument(help="A post's id: all its versions. A distribution's id: its journal.")
    ] = None,
    status: Annotated[list[DistributionStatus] | None, typer.Option(help="Only these; may be repeated.")] = None,
) -> None:
    """Where every post is, and why. Without an argument: the latest of all."""
    from pipeline.store import overview

    identifier = _as_uuid(what)
    with engine().connect() as connection:
        if identifier is not None:
            _show_journal(overview.journal_of(connection, identifier), what or "")
            return
        if what is None:
            rows = overview.open_distributions(connection, status or list(DistributionStatus))
        else:
            rows = overview.distributions_of(connection, what)
    if not rows:
        fail(f"No distributions of {what!r}." if what else "There are none yet.")
    table = Table()
    for heading in ("distribution", "account", "status", "time", "post", "link or reason"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("distribution", "time"))
    for row in rows:
        colour = _COLOURS.get(row.status, "default")
        table.add_row(
            str(row.id),
            row.account_key,
            f"[{colour}]{row.status}[/]",
            f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}",
            escape(row.title),
            escape(row.what),
        )
    out.print(table)


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


def _as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _show_journal(entries: list[dict[str, object]], identifier: str) -> None:
    if not entries:
        fail(f"There is no distribution {identifier}.")
    table = Table(title=f"Everything that happened to {identifier}", title_justify="left")
    for heading in ("time (UTC)", "kind", "what", "detail"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "time (UTC)")
    for entry in entries:
        table.add_row(
            f"{entry['at']:%Y-%m-%d %H:%M:%S.%f}"[:-3], *(escape(str(entry[k])) for k in ("kind", "what", "detail"))
        )
    out.print(table)
