"""`pressroom report`: the named queries of `sql/queries`, to look at, to take along, and as pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from pipeline.cli.console import engine, fail, harmless, out

if TYPE_CHECKING:
    from pipeline.store.reports import Report

_TEXT: Final = 20
_LINES: Final = 3


def report(
    name: Annotated[str | None, typer.Argument(help="The report's name. Without one: the list.")] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another value for a parameter. Again for each."),
    ] = None,
    csv_path: Annotated[
        Path | None,
        typer.Option("--csv", metavar="PATH", help="Write it as CSV instead: rates as fractions, times in UTC."),
    ] = None,
    parquet_path: Annotated[
        Path | None,
        typer.Option("--parquet", metavar="PATH", help="Write it as Parquet instead, every column with its type."),
    ] = None,
    picture_path: Annotated[
        Path | None, typer.Option("--picture", metavar="PATH", help="Draw it into a PNG, and say what is seen.")
    ] = None,
) -> None:
    """Run a named report."""
    from pipeline.store.reports import ReportError, run_report

    if name is None:
        _list()
        return
    parameters = _parsed(settings or [])
    try:
        with engine().connect() as connection:
            result = run_report(connection, name, **parameters)
    except ReportError as error:
        fail(escape(harmless(str(error))))
    if csv_path is None and parquet_path is None and picture_path is None:
        _show(result)
    try:
        _write(result, csv_path, parquet_path, picture_path)
    except OSError as error:
        fail(f"{escape(str(error.filename or error))} can't be written: {error.strerror or 'see above'}.")


def _list() -> None:
    from pipeline.store.reports import description, report_names

    table = Table(show_header=False, box=None)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name in report_names():
        table.add_row(name, escape(description(name)))
    out.print(table)


def _parsed(settings: list[str]) -> dict[str, float | str]:
    parsed: dict[str, float | str] = {}
    for entry in settings:
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not name or not equals or not value:
            fail(f"--set takes NAME=VALUE, not {escape(harmless(repr(entry)))}.")
        parsed[name] = _number(value)
    return parsed


def _number(text: str) -> float | str:
    """A whole number, a number with a fraction, or the word that it is."""
    if text.lstrip("-").isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _show(result: "Report") -> None:
    from pipeline.measurement.report_forms import cells
    from pipeline.store.reports import is_number

    settings = ", ".join(f"{name} = {value}" for name, value in result.parameters.items())
    out.print(escape(result.description), highlight=False)
    if settings:
        out.print(f"[dim]{settings}[/]", highlight=False)
    if not result.rows:
        out.print("No rows.")
        return
    rows = [[harmless(text) for text in row] for row in cells(result)]
    numeric = [all(value is None or is_number(value) for value in result.column(column)) for column in result.columns]
    if _width(result, rows, numeric) <= out.width:
        out.print(_table(result, rows, numeric))
    else:
        _show_one_by_one(result, rows)


def _width(result: "Report", rows: list[list[str]], numeric: list[bool]) -> int:
    """Of a table in which headings break between words, numbers nowhere, and texts at twenty letters."""
    cells_wide = [max(len(row[number]) for row in rows) for number in range(len(result.columns))]
    headings_wide = [max(map(len, column.split("_"))) for column in result.columns]
    return sum(
        max(heading, cell if is_numeric else min(cell, _TEXT)) + _LINES
        for heading, cell, is_numeric in zip(headings_wide, cells_wide, numeric, strict=True)
    )


def _table(result: "Report", rows: list[list[str]], numeric: list[bool]) -> Table:
    table = Table()
    for number, (column, is_numeric) in enumerate(zip(result.columns, numeric, strict=True)):
        justify: Literal["left", "right"] = "right" if is_numeric else "left"
        width = max(len(row[number]) for row in rows) if is_numeric else None
        table.add_column(column.replace("_", " "), justify=justify, overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _show_one_by_one(result: "Report", rows: list[list[str]]) -> None:
    """Each row as a paragraph, headed by what names it; what is unknown is left out."""
    heads = result.drawing.by if result.drawing else [result.columns[0]]
    for row in rows:
        values = dict(zip(result.columns, row, strict=True))
        said = " · ".join(
            f"[dim]{column.replace('_', ' ')}[/] {escape(value)}"
            for column, value in values.items()
            if value and column not in heads
        )
        out.print(f"\n[bold]{escape('  '.join(values[column] for column in heads))}[/]", highlight=False)
        out.print(Padding(said, (0, 0, 0, 2)), highlight=False)


def _write(result: "Report", csv_path: Path | None, parquet_path: Path | None, picture_path: Path | None) -> None:
    """Into each file that was asked for. Raises: OSError."""
    from pipeline.measurement import report_forms

    if csv_path is not None:
        report_forms.write_csv(result, csv_path)
        out.print(f"{len(result.rows):,} rows in {escape(str(csv_path))}", highlight=False)
    if parquet_path is not None:
        report_forms.write_parquet(result, parquet_path)
        out.print(f"{len(result.rows):,} rows in {escape(str(parquet_path))}", highlight=False)
    if picture_path is not None:
        _draw(result, picture_path)


def _draw(result: "Report", path: Path) -> None:
    from pipeline.measurement.pictures import picture_of

    picture = picture_of(result)
    if picture is None:
        fail(f"The report {result.name} has no picture: nothing in it is there to be drawn.")
    path.write_bytes(picture.png)
    out.print(escape(harmless(picture.alternative)), highlight=False)
    out.print(f"drawn in {escape(str(path))}", highlight=False)
