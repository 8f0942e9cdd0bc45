"""What the commands of the review desk share: who is acting, which post, and refusals told as a sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import sqlalchemy as sa
import typer
from rich.markup import escape
from rich.text import Text

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.users import User

Post = Annotated[str, typer.Argument(help="The post's id, as the queue shows it; its beginning is enough.")]
As = Annotated[
    str | None, typer.Option("--as", help="Who you are (email or full name). Default: PRESSROOM_USER.", metavar="WHO")
]
Seen = Annotated[
    int | None,
    typer.Option("--revision", min=1, help="The revision that you saw: if it has changed since, nothing is done."),
]


def acting_user(who: str | None) -> "User":
    """The person who gives the command; ends it where nobody is named or known."""
    from pipeline.store.users import UnknownUserError, find

    name = who or settings().user
    if name is None:
        fail("Say who you are: --as NAME, or set PRESSROOM_USER. A person's name is recorded with every decision.")
    try:
        with engine().connect() as connection:
            return find(connection, name)
    except UnknownUserError as error:
        fail(escape(harmless(str(error))))


@contextmanager
def decision() -> Iterator[None]:
    """Tells a decision that can't be taken as a sentence."""
    from pipeline.editorial.desk import ReviewError

    try:
        yield
    except ReviewError as error:
        fail(escape(harmless(str(error))))
    except sa.exc.DBAPIError as error:
        fail(f"The database refused it: {escape(harmless(str(error.orig).splitlines()[0]))}")


def interactive() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty() and out.is_terminal


def say(*parts: str | tuple[str, str]) -> None:
    """A line of texts, each as it is or with its style; what they hold is shown and never obeyed."""
    line = Text()
    for part in parts:
        text, style = part if isinstance(part, tuple) else (part, "")
        line.append(harmless(text), style)
    out.print(line, soft_wrap=True)
