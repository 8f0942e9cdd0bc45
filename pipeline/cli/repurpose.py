"""`pressroom repurpose`: a published article told again in another form."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import canonical_id_of, engine, err, harmless
from pipeline.cli.new import tell_arrival
from pipeline.cli.review_desk import As, acting_user


class Form(StrEnum):
    THREAD = "thread"
    NEWSLETTER = "newsletter"
    CAROUSEL = "carousel"
    SCRIPT = "script"


def repurpose(
    post: Annotated[str, typer.Argument(help="The published article's id; its beginning is enough.")],
    *,
    forms: Annotated[
        list[Form],
        typer.Option("--into", help="May be repeated: thread, newsletter, carousel, script.", metavar="FORM"),
    ],
    who: As = None,
) -> None:
    """Tell a published article again: a thread for X, Bluesky and Mastodon, a newsletter for Mailchimp, a carousel's
    text for Instagram and LinkedIn, a short script for TikTok and YouTube.

    Each is a post of its own that waits for review, goes to those platforms only, and links to the article's page. The
    same again changes nothing.
    """
    from pipeline.editorial.arrivals import ArrivalError
    from pipeline.editorial.repurposed import repurpose as tell_again
    from pipeline.editorial.writers import writer_in_use
    from pipeline.writing.base import WriterError

    canonical_id, person = canonical_id_of(post), acting_user(who)
    writer = writer_in_use(engine())
    refused = False
    for form in dict.fromkeys(forms):
        try:
            tell_arrival(tell_again(engine(), writer, person, canonical_id, form.value))
        except (ArrivalError, WriterError) as error:
            err.print(f"[bold red]Error:[/] {form}: {escape(harmless(str(error)))}", highlight=False, soft_wrap=True)
            refused = True
        except typer.Exit:  # it is stored, and why it has no version is told
            refused = True
    if refused:
        raise typer.Exit(1)
