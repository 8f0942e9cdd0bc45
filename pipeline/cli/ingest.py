"""`pressroom ingest`: take content in from a feed or a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.cli.console import engine, err, fail, out
from pipeline.vocabulary import SourceKind

if TYPE_CHECKING:
    from pipeline.editorial.sources import IngestReport
    from pipeline.store.sources import Counts, SourceDefinition


def ingest(
    location: Annotated[str, typer.Argument(help="A URL, or a file: plain or .gz.")],
    *,
    name: Annotated[str | None, typer.Option(help="What to call the source. Default: from the location.")] = None,
    kind: Annotated[SourceKind | None, typer.Option(help="Default: from the location.")] = None,
    vertical: Annotated[str | None, typer.Option(help="The vertical's slug, where there are several.")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column holds a field; timezone=ZONE for times without one. Again for each.",
        ),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Read a URL on this machine or in its own network too.")
    ] = False,
) -> None:
    """Take in a feed (RSS, Atom, JSON Feed), CSV or JSON lines; again, to take in what is new.

    The source is remembered: Dagster's `source_content` reads it again by itself. Rows that can't be used are listed
    with their line and counted; the exit status tells whether the source as a whole could be read.
    """
    from pipeline.editorial.sources import SourceError
    from pipeline.editorial.sources import ingest as take_in
    from pipeline.store.sources import UnknownVerticalError

    source = _source(location, name, kind, vertical, _parsed(mapping or []))
    progress = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    )
    try:
        with progress:
            task = progress.add_task(f"reading {escape(source.name)}")

            def advance(counts: "Counts") -> None:
                progress.update(task, description=f"reading {escape(source.name)}: {counts.read:,} rows")

            report = take_in(engine(), source, "pressroom ingest", allow_private=allow_private, on_progress=advance)
    except (SourceError, UnknownVerticalError) as error:
        fail(escape(str(error)))
    _show(report)


def _source(
    location: str,
    name: str | None,
    kind: SourceKind | None,
    vertical: str | None,
    mapping: dict[str, str],
) -> "SourceDefinition":
    """What was asked for; for what wasn't said, what is known of the source, else what its location tells."""
    from pipeline.editorial.sources import is_url, kind_of, name_of
    from pipeline.store import sources
    from pipeline.store.sources import SourceDefinition

    if not is_url(location):
        location = str(Path(location).resolve())
    with engine().connect() as connection:
        known = sources.by_name(connection, name) if name else sources.by_location(connection, location)
        name = name or (known.definition.name if known else name_of(location))
        if known is None and sources.by_name(connection, name):
            fail(f"A source called {escape(name)} reads from elsewhere; call this one something else with --name.")
        vertical = vertical or (known.definition.vertical if known else _only(sources.verticals(connection)))
    kind = kind or (known.definition.kind if known else kind_of(location))
    if kind is None:
        fail("The file's name doesn't tell what is in it; say --kind feed, csv or jsonl.")
    return SourceDefinition(
        name, kind, location, vertical, {**(known.definition.column_mapping if known else {}), **mapping}
    )


def _parsed(mapping: list[str]) -> dict[str, str]:
    parsed = {}
    for entry in mapping:
        field, equals, column = entry.partition("=")
        if not (field and equals and column):
            fail(f"--map {escape(entry)} is not FIELD=COLUMN.")
        parsed[field.strip()] = column.strip()
    return parsed


def _only(verticals: list[str]) -> str:
    if not verticals:
        fail("There is no vertical yet to take content in for; `pressroom up` makes the sample's.")
    if len(verticals) > 1:
        fail(f"Say which vertical it is for: --vertical {' or '.join(verticals)}.")
    return verticals[0]


def _show(report: "IngestReport") -> None:
    if report.not_modified:
        out.print(f"{escape(report.source)}: nothing has changed since the last time.")
        return
    table = Table(title=f"Source {escape(report.source)}", title_justify="left")
    for heading in ("read", "new", "changed", "unchanged", "bad"):
        table.add_column(heading, justify="right")
    table.add_row(
        *(f"{n:,}" for n in (report.rows_read, report.rows_new, report.rows_changed, report.rows_unchanged)),
        f"[red]{report.rows_bad:,}[/]" if report.rows_bad else "0",
    )
    if report.rows_read or not report.error:
        out.print(table)
    for row in report.first_bad:
        out.print(f"  line {row.line}: {escape(row.reason)}", highlight=False, soft_wrap=True)
    if report.rows_bad > len(report.first_bad):
        out.print(
            f"  … and {report.rows_bad - len(report.first_bad):,} more in the table ingest_errors", highlight=False
        )
    for note in report.notes:
        out.print(escape(note), highlight=False)
    if report.error:
        fail(escape(report.error))
