"""`pressroom verticals`: the publications, and how each sounds."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.layout import grid, print_grid

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.store.verticals import Vertical
    from pipeline.writing.voice import VoiceProfile

app = typer.Typer(help="The publications. Without a command: the list.")

Slug = Annotated[str, typer.Argument(help="The vertical's short name, as the list shows it.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.verticals import all_verticals

    with engine().connect() as connection:
        verticals = all_verticals(connection)
    table = grid(narrow=1)
    for vertical in verticals:
        state = "" if vertical.is_active else "  [yellow]not active[/]"
        table.add_row(
            f"[bold]{vertical.slug}[/]",
            f"{escape(harmless(vertical.name))} [dim]{vertical.language} · {escape(vertical.base_url)}[/]{state}",
        )
    print_grid(table)
    out.print("\nHow one sounds: pressroom verticals voice VERTICAL", highlight=False)
    out.print("How its posts keep apart: pressroom verticals manners VERTICAL", highlight=False)


@app.command()
def voice(
    slug: Slug,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="A JSON object: the new profile. Without it: the present one."
        ),
    ] = None,
) -> None:
    """Show how a vertical sounds, or set it: tone, person, words, length of sentences, spelling.

    The writer is told all of it. The checklist of a review counts the words to avoid and too long sentences.
    """
    from pipeline.store.database import transaction
    from pipeline.store.verticals import set_voice
    from pipeline.writing.voice import VoiceProfile

    if file is None:
        with engine().connect() as connection:
            profile = VoiceProfile.of(_vertical(connection, slug).voice_profile)
        typer.echo(harmless(json.dumps(profile.model_dump(), ensure_ascii=False, indent=2)))
        return
    profile = _read(file)
    with transaction(engine(), "pressroom verticals") as connection:
        set_voice(connection, _vertical(connection, slug).id, profile.model_dump(exclude_defaults=True))
    out.print(f"{slug} sounds like this from the next text on:", highlight=False)
    out.print(escape(harmless(profile.told())) or "(nothing is said of it)", highlight=False)


@app.command()
def manners(
    slug: Slug,
    *,
    site_buffer: Annotated[
        int | None, typer.Option(min=0, metavar="MINUTES", help="Between two posts on the home.")
    ] = None,
    story_spacing: Annotated[
        int | None, typer.Option(min=0, metavar="MINUTES", help="Between two accounts that tell the same story.")
    ] = None,
    topic_gap: Annotated[
        int | None, typer.Option(min=0, metavar="HOURS", help="Between two posts of one account on the same topic.")
    ] = None,
) -> None:
    """Show how far a vertical's posts keep apart when planning places them, or set it.

    The first two are kept in any case; the third is weighed against a better hour. A time that somebody says is kept.
    """
    from pipeline.store.database import transaction
    from pipeline.store.verticals import set_manners

    said = {
        "site_buffer_minutes": site_buffer,
        "story_spacing_minutes": story_spacing,
        "topic_gap_hours": topic_gap,
    }
    changes = {name: value for name, value in said.items() if value is not None}
    with transaction(engine(), "pressroom verticals") as connection:
        of = _vertical(connection, slug)
        if changes:
            set_manners(connection, of.id, changes)
            of = _vertical(connection, slug)
    out.print(f"[bold]{slug}[/]", highlight=False)
    table = grid(narrow=1)
    table.add_row("site buffer", f"{of.site_buffer_minutes} minutes between two posts on the home")
    table.add_row("story spacing", f"{of.story_spacing_minutes} minutes between two accounts that tell the same story")
    table.add_row("topic gap", f"{of.topic_gap_hours} hours between two posts of one account on the same topic")
    print_grid(table, indent=4)


def _vertical(connection: "sa.Connection", slug: str) -> "Vertical":
    from pipeline.store.verticals import UnknownVerticalError, vertical

    try:
        return vertical(connection, slug)
    except UnknownVerticalError as error:
        fail(escape(str(error)))


def _read(file: Path) -> "VoiceProfile":
    from pydantic import ValidationError

    from pipeline.writing.voice import VoiceProfile

    try:
        return VoiceProfile.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        lines = (
            [f"  {'.'.join(str(part) for part in e['loc']) or 'the file'}: {e['msg']}" for e in error.errors()]
            if isinstance(error, ValidationError)
            else ["  it is not UTF-8"]
        )
        known = ", ".join(VoiceProfile.model_fields)
        fail(escape("\n".join([f"{file.name} is no voice profile:", *lines, f"It has these: {known}."])))
