"""What every command shares: the consoles, the database, and errors told in a sentence."""

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NoReturn

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.distribution.accounts import AdapterFactory
    from pipeline.distribution.credentials import Keepers

_UNPRINTABLE: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey, reorder or fail at."""
out = Console()
err = Console(stderr=True)


@cache
def engine() -> sa.Engine:
    """Our database, migrated; the embedded server is started when it isn't running."""
    from pipeline.store import database

    url = database.database_url(settings())
    if settings().database_url is None:
        database.create_database(url)
    database.migrate(url)
    return database.create_engine(url)


def adapters() -> "AdapterFactory":
    """Opens the accounts' adapters, with credentials from wherever they are kept."""
    from pipeline.distribution.accounts import adapter_factory

    return adapter_factory(keepers(), timeout_seconds=settings().call_timeout_seconds)


def keepers() -> "Keepers":
    """Who keeps credentials besides the environment and files."""
    from pipeline.distribution.credentials import Keepers
    from pipeline.distribution.secret_keys import SecretKeyError

    try:
        return Keepers.from_settings(settings(), engine())
    except SecretKeyError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """End the command with a message for a person and exit status 1."""
    err.print(f"[bold red]Error:[/] {message}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def name_values(pairs: list[str]) -> dict[str, str | bool]:
    """What was given as --config NAME=VALUE, or the command ends; `true` and `false` are what they say."""
    parsed: dict[str, str | bool] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            fail(f"--config takes NAME=VALUE, not {pair!r}.")
        parsed[name] = value == "true" if value in ("true", "false") else value
    return parsed


def canonical_id_of(beginning: str) -> str:
    """The id of the one post whose id begins so, or is it; else the command ends. An article is not mistaken for what
    tells it again, whose ids begin with its own.
    """
    from pipeline.store.review_queue import matching

    with engine().connect() as connection:
        found = matching(connection, beginning)
    said = escape(harmless(repr(beginning)))
    if not found:
        fail(f"No post is called {said}; `pressroom review` lists those that wait.")
    shortest = min(found, key=len)
    if beginning not in found and not all(each == shortest or each.startswith(f"{shortest}-") for each in found):
        fail(f"{said} could be any of {', '.join(found[:5])}.")
    return beginning if beginning in found else shortest


def harmless(text: str) -> str:
    """Control characters as their pictures (␛), so that the terminal shows them and does not obey them."""
    return _UNPRINTABLE.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == ord("\t"):
        return "    "
    return chr(0x2400 + code) if code < ord(" ") else "\N{REPLACEMENT CHARACTER}"
