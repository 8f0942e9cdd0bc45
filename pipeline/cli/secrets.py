"""`pressroom secrets`: credentials kept in the database, encrypted, for accounts that name them db:NAME."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import engine, fail, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.distribution.secret_keys import SecretKeys

app = typer.Typer(help="Credentials kept encrypted in the database. Without a command: which there are.")

Name = Annotated[str, typer.Argument(help="Lower-case letters, digits, dashes; an account refers to it as db:NAME.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.secrets import all_secrets

    with engine().connect() as connection:
        rows = all_secrets(connection)
    for row in rows:
        used = ", ".join(row.used_by) or "no account"
        out.print(f"[bold]{row.name}[/]  of {used}; written {row.updated_at:%Y-%m-%d %H:%M} UTC", highlight=False)
    if not rows:
        out.print("There are none. Keep some: pressroom secrets set NAME", highlight=False)


@app.command("new-key")
def new_key() -> None:
    """Print a key for PRESSROOM_SECRET_KEYS. Keep it where the database's backups are not."""
    from pipeline.distribution.secret_keys import SecretKeys

    out.print(SecretKeys.new(), highlight=False, soft_wrap=True)


@app.command("set")
def set_secret(name: Name) -> None:
    """Keep credentials, a JSON object of strings, read from standard input or asked for without an echo."""
    import sqlalchemy as sa

    from pipeline.distribution.credentials import CredentialsError, parse
    from pipeline.store import secrets
    from pipeline.store.database import transaction

    keys = secret_keys()
    text = typer.prompt("The JSON object", hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
    try:
        credentials = parse(text, "What was given")
        with transaction(engine(), "pressroom secrets") as connection:
            secrets.put(connection, name, keys.encrypt(text))
    except CredentialsError as error:
        fail(str(error))
    except sa.exc.IntegrityError:
        fail(f"{name!r} is no name for them: lower-case letters, digits and single dashes between.")
    out.print(
        f"Kept: {', '.join(sorted(credentials)) or 'nothing'}. Accounts refer to it as db:{name}", highlight=False
    )


@app.command()
def remove(name: Name) -> None:
    """Forget credentials that no account refers to."""
    from pipeline.store import secrets
    from pipeline.store.database import transaction

    try:
        with transaction(engine(), "pressroom secrets") as connection:
            found = secrets.remove(connection, name)
    except secrets.SecretInUseError as error:
        fail(str(error))
    if not found:
        fail(f"There are no credentials {name!r}.")
    out.print("Forgotten.")


@app.command()
def rotate() -> None:
    """Encrypt all by the first key of PRESSROOM_SECRET_KEYS; the others can be taken out of it afterwards."""
    from pipeline.distribution.secret_keys import SecretKeyError
    from pipeline.store import secrets
    from pipeline.store.database import transaction

    keys = secret_keys()
    with transaction(engine(), "pressroom secrets") as connection:
        rows = secrets.all_secrets(connection, lock=True)
        for row in rows:
            try:
                secrets.put(connection, row.name, keys.rotate(row.ciphertext))
            except SecretKeyError as error:
                fail(f"Nothing was changed, because of {row.name}: {error}")
    out.print(f"{len(rows)} encrypted by the first key.")


def secret_keys() -> "SecretKeys":
    """Those of the settings; without any, the command ends."""
    from pipeline.distribution.secret_keys import SecretKeyError, SecretKeys

    configured = settings().secret_keys
    if configured is None:
        fail("PRESSROOM_SECRET_KEYS is not set. Make a key: pressroom secrets new-key")
    try:
        return SecretKeys(configured.get_secret_value())
    except SecretKeyError as error:
        fail(str(error))
