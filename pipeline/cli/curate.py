"""`pressroom curate`: a page from elsewhere, with a comment of ours."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.new import tell_arrival, text_of
from pipeline.cli.review_desk import As, acting_user
from pipeline.settings import settings


def curate(
    url: Annotated[str, typer.Argument(help="The page's address.")],
    *,
    vertical: Annotated[str | None, typer.Option(help="The vertical's slug, where there are several.")] = None,
    comment: Annotated[str | None, typer.Option(help="Why readers should see it, in your own words.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The comment from a file, in Markdown.")
    ] = None,
    quote: Annotated[
        str | None, typer.Option(help="Which of the page's words to quote; '' for none. Default: its lead.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Default: the page's own.")] = None,
    who: As = None,
) -> None:
    """Point readers to somebody else's page: a comment, a short quotation, credit and link. Never its whole text.

    Without a comment the writer's model writes one from the page's facts. The same page again changes nothing.
    """
    from pipeline.editorial.arrivals import ArrivalError
    from pipeline.editorial.curated import Choice
    from pipeline.editorial.curated import curate as bring_in
    from pipeline.editorial.writers import writer_in_use
    from pipeline.writing.base import WriterError

    if comment is not None and file is not None:
        fail("Give the comment once: --comment TEXT or --file FILE.")
    choice = Choice(url, vertical, text_of(file) if file else comment, quote, title)
    person = acting_user(who)
    try:
        with out.status("reading the page"):
            added = bring_in(
                engine(), writer_in_use(engine()), person, choice, allow_private=settings().allow_private_sources
            )
    except (ArrivalError, WriterError) as error:
        fail(escape(harmless(str(error))))
    tell_arrival(added)
