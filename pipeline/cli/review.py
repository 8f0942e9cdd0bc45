"""`pressroom review`: the editor's desk in the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import sqlalchemy as sa
import typer
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from pipeline.cli.console import canonical_id_of, engine, fail, out
from pipeline.settings import settings
from pipeline.vocabulary import TimingStrategy

if TYPE_CHECKING:
    from pipeline.editorial.review import Approval
    from pipeline.store.overview import VersionRow
    from pipeline.store.users import User

app = typer.Typer(help="What waits for a person, and what they decide. Without a command: the queue.")

Post = Annotated[str, typer.Argument(help="The post's id, as the queue shows it; its beginning is enough.")]
As = Annotated[
    str | None, typer.Option("--as", help="Who you are (email or full name). Default: PRESSROOM_USER.", metavar="WHO")
]

_SHOWN = 400
_SEVERITY_COLOURS = {"blocking": "bold red", "improvement": "yellow", "good": "green"}


@app.callback(invoke_without_command=True)
def queue(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.review_queue import in_review

    with engine().connect() as connection:
        waiting = in_review(connection)
    if not waiting:
        out.print("Nothing waits for review.")
        return
    out.print(f"{len(waiting)} waiting for review, the longest first\n")
    for post in waiting:
        score = "not checked" if post.score is None else "[bold red]blocked[/]" if post.blocked else f"SEO {post.score}"
        out.print(
            f"  {post.canonical_id}  [bold]{escape(post.title)}[/]  "
            f"[dim]{escape(post.vertical)} · {score} · since {post.since.astimezone():%Y-%m-%d %H:%M}[/]",
            highlight=False,
            soft_wrap=True,
        )
    out.print("\nNext: pressroom review show POST, then approve, changes or reject POST", highlight=False)


@app.command()
def show(post: Post) -> None:
    """The article as it reads, its SEO findings, and what each platform would get."""
    from pipeline.store import review_queue
    from pipeline.store.overview import versions_of

    canonical_id = canonical_id_of(post)
    with engine().connect() as connection:
        article = review_queue.article(connection, canonical_id)
        findings = review_queue.findings(connection, canonical_id)
        versions = versions_of(connection, canonical_id)
    assert article is not None
    out.print(Panel(Markdown(article.content), title=escape(canonical_id), subtitle=f"{article.status}"))
    out.print(
        f"[bold]Slug[/] {article.slug}   [bold]Keyword[/] {escape(article.target_keyword or '—')}", highlight=False
    )
    out.print(f"[bold]Meta title[/] {escape(article.meta_title or '—')}", highlight=False)
    out.print(f"[bold]Meta description[/] {escape(article.meta_description or '—')}\n", highlight=False)
    if article.note:
        out.print(f"[bold]Last note[/] {escape(article.note)}\n", highlight=False)
    table = Table(
        title="SEO findings" if findings is not None else "SEO: this text is not checked yet", title_justify="left"
    )
    for heading in ("severity", "finding", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings or []:
        colour = _SEVERITY_COLOURS[finding["severity"]]
        table.add_row(f"[{colour}]{finding['severity']}[/]", escape(finding["message"]), escape(finding["what_to_do"]))
    out.print(table)
    for version in versions:
        reason = f" · {version.hold_reason}" if version.hold_reason else ""
        out.print(Panel(_beginning(version), title=escape(f"{version.account_key} · {version.status}{reason}")))


@app.command()
def approve(
    post: Post,
    *,
    at: Annotated[
        str | None, typer.Option(help="When, e.g. 2026-11-23 09:00, in the vertical's zone. Default: now.")
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
    note: str = "",
    who: As = None,
) -> None:
    """Approve exactly this text for every platform, and schedule it."""
    from pipeline.editorial import review

    with _decision():
        approval = review.approve(
            engine(),
            canonical_id_of(post),
            acting_user(who),
            at=at,
            timing=timing,
            stagger_minutes=stagger,
            note=note,
        )
    when = "from now on" if at is None else f"from {approval.scheduled_at:%Y-%m-%d %H:%M} UTC"
    out.print(
        f"Approved. {len(approval.versions)} versions go out {when}, the home page first ({approval.timing.strategy}).",
        highlight=False,
        soft_wrap=True,
    )
    _show_times(approval)
    out.print(f"Follow it: pressroom distributions {approval.canonical_id}", highlight=False)


@app.command()
def edit(
    post: Post,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The new text, in Markdown. Default: your $EDITOR opens it."),
    ] = None,
    who: As = None,
) -> None:
    """Change the text of a post that is not approved yet; it is checked again and goes (back) to the queue."""
    import click

    from pipeline.distribution.plan import plan_post
    from pipeline.editorial import review
    from pipeline.store.review_queue import article

    canonical_id = canonical_id_of(post)
    with engine().connect() as connection:
        present = article(connection, canonical_id)
    assert present is not None
    text = file.read_text(encoding="utf-8") if file else click.edit(present.content, extension=".md")
    if text is None or text == present.content:
        out.print("Nothing was changed.")
        return
    with _decision():
        review.revise(engine(), canonical_id, acting_user(who), text)
    plan = plan_post(engine(), canonical_id)
    for account_key, reason in plan.left_out.items():
        out.print(f"[yellow]left out[/]  {account_key}: {escape(reason)}", highlight=False, soft_wrap=True)
    out.print(f"Changed and checked; it waits in the queue: pressroom review show {canonical_id}", highlight=False)


@app.command()
def changes(
    post: Post, note: Annotated[str, typer.Option(help="What should change, for the writer.")], who: As = None
) -> None:
    """Send it back to draft, with a note."""
    from pipeline.editorial import review

    with _decision():
        review.request_changes(engine(), canonical_id_of(post), acting_user(who), note)
    out.print("Back to draft, with your note. `pressroom review edit` changes the text and queues it again.")


@app.command()
def reject(
    post: Post, note: Annotated[str, typer.Option(help="Why it will not be published.")], who: As = None
) -> None:
    """Archive it: it will not be published."""
    from pipeline.editorial import review

    with _decision():
        review.reject(engine(), canonical_id_of(post), acting_user(who), note)
    out.print("Rejected and archived.")


def _show_times(approval: "Approval") -> None:
    times = Table()
    for heading in ("account", "local time", "zone", "UTC"):
        times.add_column(heading)
    for version in approval.versions:
        times.add_row(
            version.account_key, f"{version.local:%Y-%m-%d %H:%M}", version.timezone, f"{version.at:%Y-%m-%d %H:%M}"
        )
    out.print(times)
    for held in approval.held:
        reason = escape(held.hold_reason or "")
        out.print(f"[yellow]held[/]  {held.account_key}: {reason}", highlight=False, soft_wrap=True)


def _beginning(version: "VersionRow") -> str:
    """What a version says, as text: a short one whole, of a long one as much as tells it from the others."""
    from pipeline.text.rendering import readable

    text = readable(version.body)
    return escape(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …")


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
        fail(str(error))


class _decision:  # noqa: N801 - a clause of a with statement
    """Tells a decision that can't be taken as a sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        from pipeline.editorial.review import ReviewError

        if isinstance(error, ReviewError):
            fail(str(error))
        if isinstance(error, sa.exc.DBAPIError):
            fail(f"The database refused it: {str(error.orig).splitlines()[0]}")
