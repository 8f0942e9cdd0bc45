"""`pressroom new`: a post that somebody wrote, from a Markdown file or from the editor."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.review_desk import As, acting_user
from pipeline.settings import settings
from pipeline.vocabulary import PostStatus

if TYPE_CHECKING:
    from pipeline.distribution.plan import Plan
    from pipeline.editorial.arrivals import Arrival
    from pipeline.store.users import User

_TEMPLATE: Final = """---
# The title, and the vertical it is for: {verticals}.
title:
vertical: {vertical}
# What readers search for when they should find it.
keyword:
# What search engines show of it: 121 to 156 characters.
description:
# With commas between.
tags:
# Names of platforms, with commas between; left empty, it goes to all.
platforms:
---

"""


def new(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Markdown; without a file, $EDITOR opens.")
    ] = None,
    *,
    vertical: Annotated[str | None, typer.Option(help="The vertical's slug, where there are several.")] = None,
    title: Annotated[str | None, typer.Option(help="Default: the text's level-1 heading.")] = None,
    keyword: Annotated[str | None, typer.Option(help="What readers search for when they should find it.")] = None,
    description: Annotated[str | None, typer.Option(help="What search engines and the front page show of it.")] = None,
    who: As = None,
) -> None:
    """Bring in a post of your own: it is checked, fitted to each account, and waits for somebody else's review.

    The file's fields may stand above its text, between two lines `---`: title, vertical, keyword, description,
    excerpt, tags, author, platforms, language. An option takes precedence of its field. The same file again changes
    nothing. For its pictures see `pressroom media`.
    """
    from pipeline.editorial.arrivals import ArrivalError

    person = acting_user(who)
    options = {"vertical": vertical, "title": title, "keyword": keyword, "description": description}
    written = file or _written_now(vertical)
    try:
        added = _add(person, text_of(written), options)
    except ArrivalError as error:
        kept = "" if file else f"\nYour text is kept. Mend it, then: pressroom new {escape(str(written))}"
        fail(escape(harmless(str(error))) + kept)
    if file is None:
        written.unlink()
    tell_arrival(added)


def _add(person: "User", text: str, options: dict[str, str | None]) -> "Arrival":
    """Raises: ArrivalError."""
    from pipeline.editorial.manual import add_post, local_pictures, read_post

    post = read_post(text, **options)
    added = add_post(engine(), person, post)
    for where in local_pictures(post.content):
        shown = escape(harmless(where))
        said = f"pressroom media add {added.canonical_id} {shown} --alt TEXT"
        out.print(f"[yellow]picture[/]  Readers can't see {shown}: {said}", highlight=False, soft_wrap=True)
    return added


def _written_now(vertical: str | None) -> Path:
    """What somebody writes in their editor, as a file, so that no mistake loses it."""
    from pipeline.store import sources

    with engine().connect() as connection:
        verticals = sources.verticals(connection)
    only = verticals[0] if len(verticals) == 1 else ""
    template = _TEMPLATE.format(verticals=", ".join(verticals), vertical=vertical or only)
    folder = settings().home / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S-%f}.md"
    path.write_text(template, encoding="utf-8")
    try:
        click.edit(filename=str(path))
    except click.ClickException as error:
        path.unlink()
        fail(f"{escape(error.message)}. Name your editor: EDITOR=nano pressroom new")
    if path.read_text(encoding="utf-8-sig") == template:
        path.unlink()
        fail("Nothing was written.")
    return path


def tell_arrival(added: "Arrival") -> None:
    """Plan the versions of a post that came in, and say what became of it."""
    from pipeline.distribution.plan import PlanError, plan_post

    if added.status not in (PostStatus.DRAFT, PostStatus.REVIEW):
        out.print(f"{added.canonical_id} is there already, and {added.status}.", highlight=False)
        return
    try:
        plan = plan_post(engine(), added.canonical_id)
    except PlanError as error:
        fail(f"{added.canonical_id} is there as a draft, without a version. {escape(str(error))}")
    if added.same_story:
        out.print(f"[yellow]same story[/]  {added.same_story} tells it already.", highlight=False)
    verb = "Added" if added.is_new else "Was there already"
    out.print(f"{verb}: {added.canonical_id}, {len(plan.versions)} versions.", highlight=False)
    tell_plan(plan)
    out.print(f"It waits for a reviewer: pressroom review show {added.canonical_id}", highlight=False)


def tell_plan(plan: "Plan") -> None:
    """Which versions are held, which accounts are left out, and why."""
    for version in plan.versions:
        if version.hold_reason:
            reason = escape(harmless(version.hold_reason))
            out.print(f"[yellow]held[/]  {version.account_key}: {reason}", highlight=False, soft_wrap=True)
    for account_key, reason in plan.left_out.items():
        out.print(f"[yellow]left out[/]  {account_key}: {escape(harmless(reason))}", highlight=False, soft_wrap=True)


def text_of(file: Path) -> str:
    """What the file says, or the command ends."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{escape(str(file))} is not UTF-8 text.")
    except OSError as error:
        fail(f"{escape(str(file))} can't be read: {error.strerror}.")
