"""`pressroom templates`: the prompts that the writer writes by, each in versions that stay."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.layout import grid, print_grid

if TYPE_CHECKING:
    from pipeline.editorial.templates import TemplateText
    from pipeline.store.templates import Template

app = typer.Typer(help="The prompts that the writer writes by. Without a command: the list.")

Name = Annotated[str, typer.Argument(help="A template's name, or what it writes (article): then the active one.")]
Version = Annotated[int | None, typer.Argument(min=1, help="Default: the newest.")]


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """Every version, what it writes, and how many texts it wrote."""
    from pipeline.editorial.templates import templates_in_use
    from pipeline.store.templates import texts_written_by, versions

    templates_in_use(engine())
    with engine().connect() as connection:
        known = versions(connection)
        wrote = texts_written_by(connection)
    table = grid(narrow=3)
    for template in known:
        texts = f"{wrote[template.id]} texts" if template.id in wrote else ""
        said = " · ".join(filter(None, [template.model_name, texts, f"since {template.created_at:%Y-%m-%d}"]))
        table.add_row(
            template.output_type,
            f"{escape(harmless(template.name))} {template.version}",
            "[green]active[/]" if template.is_active else "",
            f"[dim]{escape(harmless(said))}[/]",
        )
    print_grid(table)
    out.print("\nOne of them: pressroom templates show NAME [VERSION]", highlight=False)


@app.command()
def show(name: Name, version: Version = None) -> None:
    """A template as a file that `set` takes: change it, and set it under a name of your own."""
    typer.echo(harmless(_written(_found(name, version))), nl=False)


@app.command("set")
def set_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML, as `show` prints it.")],
) -> None:
    """Store a template as a new version, and write by it from now on. It is tried out first."""
    from pipeline.editorial.templates import TemplateError, add_template

    text = _read(file)
    try:
        number = add_template(engine(), text)
    except TemplateError as error:
        fail(escape(harmless(f"{file.name} is not stored. {error}")))
    if number is None:
        out.print(f"{escape(text.name)} says this already.", highlight=False)
        return
    out.print(
        f"{escape(text.name)} version {number} is stored, and writes {text.output} from now on.\n"
        f"Back to the one before: pressroom templates activate NAME VERSION",
        highlight=False,
    )


@app.command()
def activate(name: Name, version: Annotated[int, typer.Argument(min=1)]) -> None:
    """Write by this version from now on."""
    from pipeline.editorial.templates import activate as make_active

    template = _found(name, version)
    make_active(engine(), template)
    out.print(
        f"{escape(template.name)} version {template.version} writes {template.output_type} from now on.",
        highlight=False,
    )


@app.command()
def diff(
    name: Name,
    older: Annotated[int, typer.Argument(min=1)],
    newer: Version = None,
) -> None:
    """What changed between two versions of a template."""
    before, after = _found(name, older), _found(name, newer)
    lines = list(
        difflib.unified_diff(
            _written(before).splitlines(),
            _written(after).splitlines(),
            f"{before.name} version {before.version}",
            f"{after.name} version {after.version}",
            lineterm="",
        )
    )
    if not lines:
        out.print("They say the same.")
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        out.print(escape(harmless(line)), style=colours.get(line[:1]), highlight=False, soft_wrap=True)


def _found(name: str, version: int | None) -> "Template":
    from pipeline.editorial.templates import TemplateError, find_version

    try:
        return find_version(engine(), name, version)
    except TemplateError as error:
        fail(escape(harmless(str(error))))


def _read(file: Path) -> "TemplateText":
    import yaml
    from pydantic import ValidationError

    from pipeline.editorial.templates import TemplateText

    try:
        return TemplateText.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in e['loc']) or 'the file'}: {e['msg']}" for e in error.errors()]
        fail(escape(harmless("\n".join([f"{file.name} is no template:", *lines]))))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        fail(escape(harmless(f"{file.name} is no YAML: {error}")))


def _written(template: "Template") -> str:
    """YAML, with the prompts as they read."""
    import yaml

    from pipeline.editorial.templates import text_of

    class Readable(yaml.SafeDumper):
        """Prompts line by line rather than in one quoted string."""

    def block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Readable.add_representer(str, block)
    said = text_of(template).model_dump(exclude_none=True)
    return yaml.dump(said, Dumper=Readable, sort_keys=False, allow_unicode=True, width=120)
