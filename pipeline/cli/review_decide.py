"""`pressroom review check`, `approve`, `changes`, `reject`: what a reviewer decides."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.review_desk import As, Post, Seen, acting_user, decision, interactive, say
from pipeline.cli.review_show import print_checklist, print_versions
from pipeline.cli.review_text import rewrite
from pipeline.vocabulary import ReviewItem, TimingStrategy

if TYPE_CHECKING:
    from pipeline.editorial.review import Approval
    from pipeline.store.users import User

Note = Annotated[str, typer.Option(help="Kept in the log.")]


def check(
    post: Post,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Items of the checklist, or all.")],
    *,
    note: Note = "",
    seen: Seen = None,
    who: As = None,
) -> None:
    """Write down that you looked at items of the checklist and found them right."""
    from pipeline.editorial import checklist

    canonical_id, reviewer, confirmed = canonical_id_of(post), acting_user(who), _items(items)
    with decision():
        checklist.confirm(engine(), canonical_id, reviewer, confirmed, note=note, revision=seen)
    print_checklist(checklist.run(engine(), canonical_id))


def approve(
    post: Post,
    *,
    checked: Annotated[
        list[str] | None,
        typer.Option(metavar="ITEM", help="You looked at this item of the checklist; or all. May be repeated."),
    ] = None,
    seen: Seen = None,
    edit: Annotated[bool, typer.Option("--edit", help="Change the text first: your $EDITOR opens it.")] = False,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Change the text first, to this file's.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When, e.g. 2026-11-23 09:00, in the vertical's zone; best, to have it chosen; now (the default).",
        ),
    ] = None,
    timing: Annotated[
        TimingStrategy | None,
        typer.Option(
            help="The other accounts go out with the home page, one after another (staggered), or each at its own next "
            "good hour (optimized). Default: as the post's group has it."
        ),
    ] = None,
    stagger: Annotated[
        int | None, typer.Option(min=1, metavar="MINUTES", help="Between one account and the next; means staggered.")
    ] = None,
    note: Note = "",
    who: As = None,
) -> None:
    """Approve exactly this text for every platform, and schedule it.

    In a terminal it shows what is bound, and asks for each item of the checklist that nobody has confirmed yet.
    Elsewhere --checked says which you looked at.
    """
    from pipeline.editorial import review

    at = None if at == "now" else at
    canonical_id, reviewer, confirmed = canonical_id_of(post), acting_user(who), _items(checked or [])
    if edit or file:
        if seen is not None:
            fail("--revision is of the text that you saw; with --edit or --file the text is another.")
        rewrite(canonical_id, file, who)
    if interactive() and not checked:
        seen, confirmed = _ask(canonical_id, reviewer, seen, note)
    with decision():
        approval = review.approve(
            engine(),
            canonical_id,
            reviewer,
            checked=confirmed,
            revision=seen,
            at=at,
            timing=timing,
            stagger_minutes=stagger,
            note=note,
        )
    _tell(approval, "from now on" if at is None else f"from {approval.scheduled_at:%Y-%m-%d %H:%M} UTC")


def changes(
    post: Post,
    note: Annotated[str, typer.Option(help="What should change, for the writer.")],
    *,
    seen: Seen = None,
    who: As = None,
) -> None:
    """Send it back to draft, with a note."""
    from pipeline.editorial import review

    with decision():
        review.request_changes(engine(), canonical_id_of(post), acting_user(who), note, revision=seen)
    say("Back to draft, with your note. What a model wrote is written anew with it; by hand: pressroom review edit")


def reject(
    post: Post, note: Annotated[str, typer.Option(help="Why it will not be published.")], who: As = None
) -> None:
    """Archive it: it will not be published."""
    from pipeline.editorial import review

    with decision():
        review.reject(engine(), canonical_id_of(post), acting_user(who), note)
    say("Rejected and archived.")


def _ask(canonical_id: str, reviewer: "User", seen: int | None, note: str) -> tuple[int, set[ReviewItem]]:
    """Show what would be bound, and ask for each item; the command ends at the first no, with what was a yes kept."""
    from pipeline.editorial import checklist, review
    from pipeline.store.revisions import of_post

    with decision():
        review.require_approvable(engine(), canonical_id, reviewer)
    found = checklist.run(engine(), canonical_id)
    for finding in found.blocking:
        say(("blocked  ", "bold red"), f"{finding.message} {finding.what_to_do}")
    if found.blocking:
        fail("Nothing was approved: the text must change first.")
    with engine().connect() as connection:
        revision = of_post(connection, canonical_id)[-1]
    if seen is None:
        say((f"Revision {revision.number}", "bold"), f", {revision.at.astimezone():%Y-%m-%d %H:%M}, {revision.actor}: ")
        say(f"  {revision.text.title}")
        print_versions(canonical_id, briefly=True)
    confirmed: set[ReviewItem] = set()
    for item in found.items:
        if item.confirmed is not None:
            continue
        print_checklist(found, only=item.item)
        if not typer.confirm(f"  {checklist.QUESTIONS[item.item]}"):
            with decision():
                checklist.confirm(
                    engine(), canonical_id, reviewer, confirmed, note=note, revision=seen or revision.number
                )
            fail(f"Nothing was approved. To send it back: pressroom review changes {canonical_id} --note …")
        confirmed.add(item.item)
    if not typer.confirm(f"Approve revision {seen or revision.number} of {canonical_id}?"):
        fail("Nothing was approved.")
    return seen or revision.number, confirmed


def _items(words: Sequence[str]) -> set[ReviewItem]:
    """Items by their names, with - or _, or `all`; also several in one word, with commas."""
    names = [name.strip().lower().replace("-", "_") for word in words for name in word.split(",") if name.strip()]
    if "all" in names:
        return set(ReviewItem)
    if unknown := [name for name in names if name not in set(ReviewItem)]:
        fail(f"The checklist has no item {escape(harmless(unknown[0]))!r}; it has: {', '.join(ReviewItem)}, or all.")
    return {ReviewItem(name) for name in names}


def _tell(approval: "Approval", when: str) -> None:
    say(
        f"Approved, revision {approval.revision}. {len(approval.versions)} versions go out {when} "
        f"({approval.timing.strategy}), each once the page that it links to is live."
    )
    times = Table()
    for heading in ("account", "local time", "zone", "UTC"):
        times.add_column(heading)
    for version in approval.versions:
        times.add_row(
            version.account_key, f"{version.local:%Y-%m-%d %H:%M}", version.timezone, f"{version.at:%Y-%m-%d %H:%M}"
        )
    out.print(times)
    for held in approval.held:
        say(("held  ", "yellow"), f"{held.account_key}: {held.hold_reason}")
    for doubt in approval.doubts:
        say(("note  ", "yellow"), doubt)
    say(f"Follow it: pressroom distributions {approval.canonical_id}")
