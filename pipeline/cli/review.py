"""`pressroom review`: the editor's desk in the terminal. What a command does is in the modules beside this one."""

from typing import TYPE_CHECKING, Final

import typer

from pipeline.cli import review_decide, review_show, review_text, review_withdraw
from pipeline.cli.console import engine, out
from pipeline.cli.review_desk import say
from pipeline.vocabulary import ReviewItem

if TYPE_CHECKING:
    from pipeline.store.ai_costs import Cost
    from pipeline.store.review_checks import Progress
    from pipeline.store.review_queue import Unfinished, Waiting


_DRAFTS_SHOWN: Final = 10

app = typer.Typer(help="What waits for a person, and what they decide. Without a command: the queue.")
app.command()(review_show.show)
app.command()(review_decide.check)
app.command()(review_decide.approve)
app.command()(review_text.edit)
app.command()(review_text.links)
app.command()(review_decide.changes)
app.command()(review_decide.reject)
app.command()(review_withdraw.unschedule)
app.command()(review_withdraw.archive)
app.command()(review_text.revisions)
app.command()(review_text.diff)
app.command()(review_text.restore)
app.command()(review_show.log)


@app.callback(invoke_without_command=True)
def queue(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.editorial.checklist import hash_of
    from pipeline.store.ai_costs import cost_of
    from pipeline.store.review_checks import progress
    from pipeline.store.review_queue import drafts, in_review

    with engine().connect() as connection:
        waiting = in_review(connection)
        unfinished = drafts(connection)
        costs = cost_of(connection, [post.canonical_id for post in waiting])
        checked = progress(connection, {post.id: hash_of(post.content_hash, post.files) for post in waiting})
    if waiting:
        out.print(f"{len(waiting)} waiting for review, the longest first\n")
    else:
        out.print("Nothing waits for review.")
    for post in waiting:
        _print_waiting(post, checked[post.id], costs.get(post.canonical_id))
    _print_drafts(unfinished)
    if waiting:
        out.print("\nNext: pressroom review show POST, then approve, changes or reject POST", highlight=False)


def _print_waiting(post: "Waiting", checked: "Progress", cost: "Cost | None") -> None:
    score = "not checked" if post.score is None else f"SEO {post.score}"
    say(f"  {post.canonical_id}  ", (post.title, "bold"))
    facts = (
        f"{checked.confirmed} of {len(ReviewItem)} confirmed",
        review_show.cost_told(cost),
        f"waits {review_show.age(post.since)}",
        f"by {post.author}",
        post.vertical,
    )
    blocked = [("blocked", "bold red"), (" · ", "dim")] if post.blocked or checked.blocked else []
    say("      ", *blocked, (" · ".join((score, *facts)), "dim"))


def _print_drafts(unfinished: "list[Unfinished]") -> None:
    if not unfinished:
        return
    out.print(f"\n{len(unfinished)} being written, or sent back", highlight=False)
    for draft in unfinished[:_DRAFTS_SHOWN]:
        say(f"  {draft.canonical_id}  ", (draft.title, "bold"), (f"  {review_show.age(draft.since)}", "dim"))
        if draft.note:
            say(f"      sent back: {draft.note}")
    if len(unfinished) > _DRAFTS_SHOWN:
        out.print(f"  and {len(unfinished) - _DRAFTS_SHOWN} more", highlight=False)
