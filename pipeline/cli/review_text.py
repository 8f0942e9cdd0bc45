"""`pressroom review edit`, `links`, `revisions`, `diff`, `restore`: the text of a post, and what it was."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.new import tell_plan, text_of
from pipeline.cli.review_desk import As, Post, acting_user, decision, say

if TYPE_CHECKING:
    from pipeline.store.revisions import PostText, Revision
    from pipeline.text.prose_diff import Paragraph

_FIELDS: Final = {
    "title": "title",
    "excerpt": "excerpt",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
    "keyword": "target_keyword",
}
"""What stands above the text in an edited file, by the names of the columns."""
_STYLES: Final = {"removed": "red strike", "added": "green underline", "same": ""}
_MARKS: Final = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", "")}
"""For a pipe, which shows no colours: those of wdiff."""
_WIDEST: Final = 80


def edit(
    post: Post,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The new text, in Markdown. Default: your $EDITOR opens it."),
    ] = None,
    who: As = None,
) -> None:
    """Change the text of a post that is not approved yet; it is checked again and goes (back) to the queue.

    Above the text, between lines of ---, may stand title, excerpt, meta_title, meta_description and keyword; those that
    are left out stay as they are. The address stays in any case.
    """
    canonical_id = canonical_id_of(post)
    if rewrite(canonical_id, file, who):
        say(f"Changed and checked; it waits in the queue: pressroom review show {canonical_id}")
    else:
        say("Nothing was changed.")


def rewrite(canonical_id: str, file: Path | None, who: str | None) -> bool:
    """Have the text edited, checked and planned again, and show the difference. Whether anything changed."""
    import click

    from pipeline.editorial import front_matter, revisions

    present = _revisions(canonical_id)[-1]
    if file is None:
        shown = front_matter.join(_fields_of(present.text), present.text.content)
        edited = click.edit(shown, extension=".md")
        if edited is None:
            return False
    else:
        edited = text_of(file)
    with decision():
        changed = revisions.revise(
            engine(), canonical_id, acting_user(who), _parsed(edited, present.text), revision=present.number
        )
    if changed:
        _plan_anew(canonical_id, present)
    return changed


def links(
    post: Post,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take ours out; what a person linked stays.")] = False,
    who: As = None,
) -> None:
    """Link a text to products and to our own articles, as drafts are; it is checked and goes (back) to the queue."""
    from pipeline.editorial.revisions import relink

    canonical_id = canonical_id_of(post)
    present = _revisions(canonical_id)[-1]
    with decision():
        changed = relink(engine(), canonical_id, acting_user(who), remove=remove)
    if not changed:
        say("It holds none of our links." if remove else "There is nothing to link that is not linked already.")
        return
    _plan_anew(canonical_id, present)
    say(f"Changed and checked; it waits in the queue: pressroom review show {canonical_id}")


def revisions(post: Post) -> None:
    """Every text that the post had: who wrote it, when, and what was decided about it."""
    canonical_id = canonical_id_of(post)
    for revision in _revisions(canonical_id):
        say((f"{revision.number:>4}", "bold"), f"  {revision.at.astimezone():%Y-%m-%d %H:%M}  {revision.actor}")
        say((f"      {revision.text.title}", "dim"))
        for taken in revision.decisions:
            say(f"      {taken}")
    say("\nWhat changed: pressroom review diff ", canonical_id, " [--from N --to M]")


def diff(
    post: Post,
    *,
    start: Annotated[int | None, typer.Option("--from", min=1, help="Default: the one before.")] = None,
    end: Annotated[int | None, typer.Option("--to", min=1, help="Default: the present one.")] = None,
) -> None:
    """What changed between two revisions, word by word."""
    canonical_id = canonical_id_of(post)
    known = {revision.number: revision for revision in _revisions(canonical_id)}
    last = max(known) if end is None else end
    first = max(last - 1, 1) if start is None else start
    for number in (last, first):
        if number not in known:
            fail(f"{canonical_id} has no revision {number}; the latest is {max(known)}.")
    if first == last:
        say(f"There is nothing to compare revision {first} with: pressroom review revisions {canonical_id}")
        return
    show_difference(known[first], known[last])


def restore(
    post: Post,
    revision: Annotated[int, typer.Argument(min=1, help="Its number, as `revisions` lists it.")],
    who: As = None,
) -> None:
    """Make an old text the present one, as a new revision; it is checked again and goes (back) to the queue."""
    from pipeline.editorial.revisions import restore as put_back

    canonical_id = canonical_id_of(post)
    present = _revisions(canonical_id)[-1]
    with decision():
        changed = put_back(engine(), canonical_id, acting_user(who), revision)
    if not changed:
        say("That is the present text.")
        return
    _plan_anew(canonical_id, present)
    say(f"Revision {revision} is the present text again: pressroom review show {canonical_id}")


def show_difference(before: "Revision", after: "Revision") -> None:
    from pipeline.text.prose_diff import compare, compare_words

    for revision, sign in ((before, "-"), (after, "+")):
        say(
            (f"{sign} revision {revision.number}", "bold"),
            f", {revision.at.astimezone():%Y-%m-%d %H:%M}, {revision.actor}",
        )
    old, new = _fields_of(before.text), _fields_of(after.text)
    for name in _FIELDS:
        if old[name] != new[name]:
            out.print()
            _print_paragraph(compare_words(old[name] or "", new[name] or ""), f"{name.replace('_', ' ')}: ")
    untouched = 0
    for paragraph in compare(before.text.content, after.text.content):
        if paragraph.is_same:
            untouched += 1
            continue
        _print_untouched(untouched)
        untouched = 0
        out.print()
        _print_paragraph(paragraph)
    _print_untouched(untouched)


def _print_untouched(paragraphs: int) -> None:
    if paragraphs:
        say((f"\n  … {paragraphs} unchanged …", "dim"))


def _print_paragraph(paragraph: "Paragraph", heading: str = "") -> None:
    line = Text(heading, "bold", overflow="fold")
    for change, text in paragraph.pieces:
        before, after = ("", "") if out.is_terminal else _MARKS[change]
        core = text.strip() or text
        start = text.index(core)
        line.append(harmless(text[:start]))
        line.append(harmless(f"{before}{core}{after}"), _STYLES[change])
        line.append(harmless(text[start + len(core) :]))
    if out.is_terminal:
        out.print(Padding(line, (0, 0, 0, 2)), width=min(out.width, _WIDEST))
    else:
        out.print(line, soft_wrap=True)


def _plan_anew(canonical_id: str, former: "Revision") -> None:
    from pipeline.distribution.plan import PlanError, plan_post

    show_difference(former, _revisions(canonical_id)[-1])
    out.print()
    try:
        plan = plan_post(engine(), canonical_id)
    except PlanError as error:
        fail(f"The text is changed, and it can't be planned: {escape(harmless(str(error)))}")
    tell_plan(plan)


def _revisions(canonical_id: str) -> "list[Revision]":
    from pipeline.store.revisions import of_post

    with engine().connect() as connection:
        return of_post(connection, canonical_id)


def _fields_of(text: "PostText") -> dict[str, str | None]:
    return {name: getattr(text, column) for name, column in _FIELDS.items()}


def _parsed(edited: str, present: "PostText") -> "PostText":
    from pipeline.editorial import front_matter

    try:
        fields, content = front_matter.split(edited)
    except front_matter.FrontMatterError as error:
        fail(escape(harmless(str(error))))
    return replace(present, content=content, **_columns(fields))


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(fields) - set(_FIELDS)):
        fail(f"There is no field {escape(harmless(unknown[0]))!r}; there are: {', '.join(_FIELDS)}.")
    for name, value in fields.items():
        if not isinstance(value, str | None):
            fail(f"The field {name} is no text; put quotes around it.")
    if "title" in fields and not fields["title"]:
        fail("The title is empty.")
    return {_FIELDS[name]: (value or "").strip() or None for name, value in fields.items()}
