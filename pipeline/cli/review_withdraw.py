"""`pressroom review unschedule`, `archive`: what a publisher does with what is approved or out."""

from typing import Annotated

import typer

from pipeline.cli.console import canonical_id_of, engine
from pipeline.cli.review_desk import As, Post, acting_user, decision, say

Why = Annotated[str, typer.Option(help="Why; kept in the log.")]


def unschedule(post: Post, note: Why, who: As = None) -> None:
    """Take the approval back: the post waits for review again, and nothing of it goes out."""
    from pipeline.editorial import withdrawal

    canonical_id = canonical_id_of(post)
    with decision():
        count = withdrawal.unschedule(engine(), canonical_id, acting_user(who), note)
    say(f"Back in review; versions that are drafts again: {count}. pressroom review show {canonical_id}")


def archive(post: Post, note: Why, who: As = None) -> None:
    """Take a post out of the world: what is live is taken down, what is not is given up."""
    from pipeline.editorial import withdrawal

    canonical_id = canonical_id_of(post)
    with decision():
        done = withdrawal.archive(engine(), canonical_id, acting_user(who), note)
    say("Archived.")
    for heading, accounts in (
        ("is being taken down", done.coming_down),
        ("given up", done.cancelled),
        ("being sent, or may be live: is taken down if it proves to be", done.on_the_way),
    ):
        if accounts:
            say((f"{heading}: ", "bold"), ", ".join(accounts))
    if done.linked_from:
        say((f"{len(done.linked_from)} published posts link to its page: ", "yellow"), ", ".join(done.linked_from))
    if done.retold_by:
        say(("posts that tell it again and lead to its page: ", "yellow"), ", ".join(done.retold_by))
    for account, reason in done.staying.items():
        say(("stays: ", "bold red"), f"{account}: {reason}")
    say(f"What comes of it: pressroom review log {canonical_id}")
