"""`pressroom posts`: posts that people bring in."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, out
from pipeline.cli.review import As, acting_user
from pipeline.vocabulary import ContentType, PostStatus

if TYPE_CHECKING:
    from pipeline.distribution.plan import Plan

app = typer.Typer(help="Posts that people write or choose themselves.", no_args_is_help=True)


class BroughtIn(StrEnum):
    """The content types that a person can bring in."""

    MANUAL = ContentType.MANUAL
    CURATED = ContentType.CURATED
    REPURPOSED = ContentType.REPURPOSED


@app.callback()
def posts() -> None:
    """A group, though it holds one command."""


@app.command()
def add(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The text, in Markdown.")],
    *,
    vertical: Annotated[str, typer.Option(help="The vertical's slug.")],
    title: Annotated[str | None, typer.Option(help="Default: the text's level-1 heading.")] = None,
    kind: Annotated[
        BroughtIn, typer.Option("--type", help="Written here, chosen from elsewhere, or made from an earlier post.")
    ] = BroughtIn.MANUAL,
    keyword: Annotated[str | None, typer.Option(help="What readers search for when they should find it.")] = None,
    description: Annotated[str | None, typer.Option(help="What search engines and the front page show of it.")] = None,
    who: As = None,
) -> None:
    """Bring in a post: it is checked, fitted to each account, and waits for somebody else's review.

    The same file again changes nothing.
    """
    from pipeline.distribution.plan import PlanError, plan_post
    from pipeline.editorial.manual import ManualPostError, NewPost, add_post

    new = NewPost(vertical, _text_of(file), ContentType(kind), title, keyword, description)
    try:
        added = add_post(engine(), acting_user(who), new)
        if added.status not in (PostStatus.DRAFT, PostStatus.REVIEW):
            out.print(f"{added.canonical_id} is there already, and {added.status}.", highlight=False)
            return
        plan = plan_post(engine(), added.canonical_id)
    except (ManualPostError, PlanError) as error:
        fail(escape(str(error)))
    verb = "Added" if added.is_new else "Was there already"
    out.print(f"{verb}: {added.canonical_id}, {len(plan.versions)} versions.", highlight=False)
    tell_plan(plan)
    out.print(f"It waits for a reviewer: pressroom review show {added.canonical_id}", highlight=False)


def tell_plan(plan: "Plan") -> None:
    """Which versions are held, which accounts are left out, and why."""
    for version in plan.versions:
        if version.hold_reason:
            reason = escape(version.hold_reason)
            out.print(f"[yellow]held[/]  {version.account_key}: {reason}", highlight=False, soft_wrap=True)
    for account_key, reason in plan.left_out.items():
        out.print(f"[yellow]left out[/]  {account_key}: {escape(reason)}", highlight=False, soft_wrap=True)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{escape(str(file))} is not UTF-8 text.")
    except OSError as error:
        fail(f"{escape(str(file))} can't be read: {error.strerror}.")
