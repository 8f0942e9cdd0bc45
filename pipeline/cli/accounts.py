"""`pressroom accounts`: what is published to, and how it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, out
from pipeline.settings import settings

if TYPE_CHECKING:
    import sqlalchemy as sa

app = typer.Typer(help="The accounts that are published to. Without a command: the list.")

Key = Annotated[str, typer.Argument(help="The account's key, as the list shows it.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.accounts import all_accounts

    table = Table()
    for heading in ("account", "platform", "state", "credentials", "rests until"):
        table.add_column(heading, overflow="fold")
    with engine().connect() as connection:
        for row in all_accounts(connection):
            state = row.state if row.state_reason is None else f"{row.state}: {row.state_reason}"
            rests = f"{row.held_until.astimezone():%Y-%m-%d %H:%M:%S}" if row.held_until else ""
            table.add_row(row.account_key, row.name, escape(state), row.credentials_secret_id or "needs none", rests)
    out.print(table)


@app.command()
def add(
    key: Annotated[str, typer.Argument(help="Your name for it: lower-case letters, digits, dashes.")],
    platform: Annotated[str, typer.Argument(help="site, wordpress, x or mailchimp.")],
    credentials: Annotated[
        str | None, typer.Option(help="Where the secret is: env:NAME or file:PATH, holding a JSON object.")
    ] = None,
    config: Annotated[
        list[str] | None, typer.Option(help="A setting, NAME=VALUE; may be repeated (api_url=https://…).")
    ] = None,
    posts_per_day: Annotated[int | None, typer.Option(min=1)] = None,
    posts_per_hour: Annotated[int | None, typer.Option(min=1)] = None,
    min_interval_minutes: Annotated[int, typer.Option(min=0)] = 60,
    timezone: str = "America/New_York",
) -> None:
    """Add an account. The secret itself stays where it is; only the reference is kept."""
    import sqlalchemy as sa

    from pipeline.platforms.registry import UnknownPlatformError, adapter_class
    from pipeline.store.accounts import NewAccount, add_account
    from pipeline.store.database import transaction

    account = NewAccount(
        account_key=key,
        name=platform,
        credentials_secret_id=credentials,
        publish_config=_settings(config or []),
        posts_per_day=posts_per_day,
        posts_per_hour=posts_per_hour,
        min_interval_minutes=min_interval_minutes,
        timezone=timezone,
    )
    try:
        adapter_class(platform)
        with transaction(engine(), "pressroom accounts") as connection:
            add_account(connection, account)
    except UnknownPlatformError as error:
        fail(str(error))
    except sa.exc.DBAPIError as error:
        fail(f"The database refused the account: {str(error.orig).splitlines()[0]}")
    out.print(f"Added. Does it work? pressroom accounts check {key}")


@app.command()
def check(key: Key) -> None:
    """Ask the platform who we are, without any effect there."""
    from pipeline.distribution.accounts import AccountUnusableError, adapter_factory
    from pipeline.platforms.base import PlatformUnavailableError
    from pipeline.store.accounts import UnknownAccountError, get

    open_account = adapter_factory(timeout_seconds=settings().call_timeout_seconds)
    try:
        with engine().connect() as connection:
            row = get(connection, key)
        out.print(f"{key} works: {escape(open_account(row).whoami())}")
    except (UnknownAccountError, AccountUnusableError, PlatformUnavailableError) as error:
        fail(str(error))


@app.command()
def pause(key: Key, reason: Annotated[str, typer.Option(help="Shown wherever the account is.")]) -> None:
    """Send nothing more from it; what is scheduled waits."""
    from pipeline.store import accounts

    _change(key, lambda connection, account_id: accounts.pause(connection, account_id, reason))
    out.print(f"{key} is paused.")


@app.command()
def resume(key: Key) -> None:
    """Send again. Check it first, when its credentials were refused."""
    from pipeline.store import accounts

    _change(key, accounts.resume)
    out.print(f"{key} is active.")


def _change(key: str, change: Callable[["sa.Connection", UUID], None]) -> None:
    from pipeline.store.accounts import UnknownAccountError, get
    from pipeline.store.database import transaction

    try:
        with transaction(engine(), "pressroom accounts") as connection:
            change(connection, get(connection, key).id)
    except UnknownAccountError as error:
        fail(str(error))


def _settings(pairs: list[str]) -> dict[str, str]:
    parsed = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            fail(f"--config takes NAME=VALUE, not {pair!r}.")
        parsed[name] = value
    return parsed
