"""`pressroom accounts`: what is published to, and how it is."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.markup import escape

from pipeline.cli.connect import connect
from pipeline.cli.console import adapters, engine, fail, keepers, name_values, out
from pipeline.cli.layout import print_indented
from pipeline.cli.review_desk import As, acting_user
from pipeline.vocabulary import AccountState

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.platforms.base import Adapter
    from pipeline.store.health import AccountHealth

app = typer.Typer(help="The accounts that are published to. Without a command: the list.")
app.command()(connect)

_INDENT = 4

Key = Annotated[str, typer.Argument(help="The account's key, as the list shows it.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.health import account_health

    with engine().connect() as connection:
        for account in account_health(connection):
            _print_health(account)


@app.command()
def add(
    key: Annotated[str, typer.Argument(help="Your name for it: lower-case letters, digits, dashes.")],
    platform: Annotated[
        str, typer.Argument(help="Its name, such as wordpress; a wrong one is answered with the list.")
    ],
    credentials: Annotated[
        str | None, typer.Option(help="Where the secret is: env:NAME, file:PATH, db:NAME or vault:PATH, a JSON object.")
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

    publish_config = name_values(config or [])
    try:
        _require_fitting(adapter_class(platform), publish_config)
    except UnknownPlatformError as error:
        fail(str(error))
    account = NewAccount(
        account_key=key,
        name=platform,
        credentials_secret_id=credentials,
        publish_config=publish_config,
        posts_per_day=posts_per_day,
        posts_per_hour=posts_per_hour,
        min_interval_minutes=min_interval_minutes,
        timezone=timezone,
    )
    try:
        with transaction(engine(), "pressroom accounts") as connection:
            add_account(connection, account)
    except sa.exc.DBAPIError as error:
        fail(f"The database refused the account: {str(error.orig).splitlines()[0]}")
    out.print(f"Added. Does it work? pressroom accounts check {key}")


@app.command()
def check(key: Key) -> None:
    """Ask the platform who we are, without any effect there."""
    from pipeline.distribution.accounts import AccountUnusableError
    from pipeline.platforms.base import PlatformUnavailableError
    from pipeline.store.accounts import UnknownAccountError, get

    open_account = adapters()
    try:
        with engine().connect() as connection:
            row = get(connection, key)
        adapter = open_account(row)
        identity = adapter.whoami()
    except (UnknownAccountError, AccountUnusableError, PlatformUnavailableError) as error:
        fail(escape(str(error)))
    out.print(f"{key} works: {escape(identity.name)}", highlight=False)
    if identity.missing_scopes:
        print_indented(f"it lacks what publishing needs: {', '.join(identity.missing_scopes)}", _INDENT)
    if identity.expires_at is not None:
        print_indented(f"the credentials end at {_moment(identity.expires_at)}", _INDENT)
    print_indented(_quota(adapter), _INDENT)


def _quota(adapter: "Adapter") -> str:
    from pipeline.platforms.base import PlatformUnavailableError

    try:
        quota = adapter.quota()
    except PlatformUnavailableError as error:
        return f"what it may still publish is not told: {error}"
    if quota is None:
        return f"{adapter.title} tells nobody beforehand what it would still take"
    return f"the platform takes {quota.remaining} more until {_moment(quota.resets_at)}"


@app.command()
def pause(key: Key, reason: Annotated[str, typer.Option(help="Shown wherever the account is.")]) -> None:
    """Send nothing more from it; what is scheduled waits."""
    from pipeline.store import accounts

    _change(key, lambda connection, account_id: accounts.pause(connection, account_id, reason))
    out.print(f"{key} is paused.")


@app.command()
def resume(
    key: Key,
    *,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Don't ask first; the next post tells whether it works.")
    ] = False,
    who: As = None,
) -> None:
    """Ask the platform who we are, and if it still knows us, send again what waits."""
    from pipeline.distribution.resume import ResumeError, resume_account
    from pipeline.store.accounts import UnknownAccountError

    actor = acting_user(who).full_name
    open_account = adapters()
    try:
        name = resume_account(engine(), open_account, key, actor, unchecked=unchecked)
    except (UnknownAccountError, ResumeError) as error:
        fail(str(error))
    out.print(f"{key} is active" + ("." if name is None else f": {escape(name)}."), highlight=False)


@app.command("hand-over")
def hand_over(
    key: Key,
    *,
    ahead: Annotated[
        int | None, typer.Option(min=1, metavar="HOURS", help="How long before its time a post is handed over.")
    ] = None,
    never: Annotated[
        bool, typer.Option("--never", help="Publish from here, at the time itself; what is held there is taken back.")
    ] = False,
) -> None:
    """Let the platform itself publish what is scheduled, at its time, or no longer so.

    Posts are handed over once all that stands before them is done: approved, the home page live. They are followed up,
    and taken back when they are moved, held or cancelled.
    """
    from pipeline.platforms.registry import UnknownPlatformError, adapter_class
    from pipeline.store import accounts

    if (ahead is None) is not never:
        fail("Say how long ahead (--ahead 48, in hours), or --never.")

    def change(connection: "sa.Connection", account_id: UUID) -> None:
        platform = accounts.get(connection, key).name
        try:
            adapter = adapter_class(platform)
        except UnknownPlatformError as error:
            fail(str(error))
        if ahead is not None and not adapter.capabilities.schedule:
            fail(f"{adapter.title} does not let a program schedule: posts of {key} are sent from here, at their time.")
        accounts.hand_over_ahead(connection, account_id, None if ahead is None else timedelta(hours=ahead))

    _change(key, change)
    if ahead is None:
        out.print(f"What is scheduled on {key} is sent from here; what its platform holds is taken back.")
    else:
        out.print(f"What is scheduled on {key} is handed to its platform {ahead} h before its time.", highlight=False)


@app.command("short-links")
def short_links(
    key: Key, *, off: Annotated[bool, typer.Option("--off", help="Lead readers straight to the page again.")] = False
) -> None:
    """Lead readers through short links, which count who follows them, in versions that are written from now on."""
    from pipeline.settings import settings
    from pipeline.store import accounts

    if not off and settings().collect_url is None:
        fail("Readers can't reach the collector: set PRESSROOM_COLLECT_URL to where a proxy makes it known first.")
    _change(
        key, lambda connection, account_id: accounts.lead_through_short_links(connection, account_id, wanted=not off)
    )
    out.print(
        f"New versions for {key} lead {'straight to the page' if off else 'through short links'}.", highlight=False
    )


def _print_health(account: "AccountHealth") -> None:
    """Its name and state; then, in a line each, what one wants to know of it."""
    colour = "green" if account.state == AccountState.ACTIVE else "red"
    out.print(f"[bold]{account.account_key}[/]  {account.platform}  [{colour}]{account.state}[/]", highlight=False)
    if account.state_reason:
        print_indented(account.state_reason, _INDENT)
    if account.state == AccountState.ACTIVE:
        print_indented(f"may send {_moment(account.free_at) or 'now'}", _INDENT)
    if account.limited_by:
        print_indented(account.limited_by, _INDENT)
    if account.quota_remaining is not None:
        print_indented(
            f"the platform takes {account.quota_remaining} more until {_moment(account.quota_resets_at)}", _INDENT
        )
    print_indented(
        f"scheduled: {account.queued}; for a person: {account.needs_person}; errors in 24 h: {account.errors_24h}",
        _INDENT,
    )
    if account.hand_over_ahead is not None or account.handed_over:
        print_indented(_handing_over(account), _INDENT)
    print_indented(f"last published: {_moment(account.last_published_at) or 'never'}", _INDENT)
    print_indented(f"credentials: {_credentials(account.credentials_secret_id)}", _INDENT)
    print_indented(_capabilities(account.platform), _INDENT)


def _handing_over(account: "AccountHealth") -> str:
    held = f"its platform holds {account.handed_over}"
    if account.hand_over_ahead is None:
        return f"hands nothing over any more; {held}, to be taken back"
    return f"handed over {account.hand_over_ahead.total_seconds() / 3600:g} h ahead; {held}"


def _credentials(reference: str | None) -> str:
    """The reference, and until when the tokens hold that are kept here."""
    from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, resolve
    from pipeline.platforms.oauth import expiry

    if reference is None:
        return "needs none"
    if not reference.startswith("db:"):
        return reference
    try:
        credentials = resolve(reference, keepers())
    except (CredentialsError, CredentialsAwayError) as error:
        return f"{reference}. {error}"
    until = _moment(expiry(credentials))
    renewed = ", renewed before that" if credentials.get("refresh_token") else ""
    return f"{reference}, until {until}{renewed}" if until else reference


def _capabilities(platform: str) -> str:
    from pipeline.platforms.registry import UnknownPlatformError, adapter_class

    try:
        capabilities = adapter_class(platform).capabilities
    except UnknownPlatformError as error:
        return str(error)
    offered = {
        "change a post": capabilities.update,
        "delete it": capabilities.delete,
        "schedule it there": capabilities.schedule,
        "read its figures": capabilities.metrics,
    }
    can = ", ".join(what for what, is_offered in offered.items() if is_offered) or "nothing but publish"
    return f"can also: {can}. What a lost answer did: {capabilities.guarantee}"


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else None


def _change(key: str, change: Callable[["sa.Connection", UUID], object]) -> None:
    from pipeline.store.accounts import UnknownAccountError, get
    from pipeline.store.database import transaction

    try:
        with transaction(engine(), "pressroom accounts") as connection:
            change(connection, get(connection, key).id)
    except UnknownAccountError as error:
        fail(str(error))


def _require_fitting(adapter: "type[Adapter]", publish_config: Mapping[str, object]) -> None:
    """Ends the command where a setting is unknown or missing, with those there are."""
    known = {setting.name: setting for setting in adapter.settings}
    missing = [name for name, setting in known.items() if setting.required and name not in publish_config]
    unknown = sorted(publish_config.keys() - known.keys())
    if not missing and not unknown:
        return
    wrong = [f"needs {', '.join(missing)}"] if missing else []
    wrong += [f"has no {', '.join(unknown)}"] if unknown else []
    lines = [f"  {name}{' (required)' if known[name].required else ''}: {known[name].help}" for name in known]
    fail(escape("\n".join([f"{adapter.title} {' and '.join(wrong)}. Its settings:", *lines])))
