"""`pressroom report`: the named queries of `sql/queries`."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, out

if TYPE_CHECKING:
    from pipeline.store.reports import Report


def report(
    name: Annotated[str | None, typer.Argument(help="The report's name. Without one: the list.")] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="Another value for a parameter. Again for each."),
    ] = None,
    csv_path: Annotated[
        Path | None,
        typer.Option("--csv", metavar="PATH", help="Write it as CSV instead: rates as fractions, times in UTC."),
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
        fail(escape(str(error)))
    if csv_path is not None:
        _write(result, csv_path)
    else:
        _show(result)


def _list() -> None:
    from pipeline.store.reports import description, report_names

    table = Table(show_header=False, box=None)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name in report_names():
        table.add_row(name, escape(description(name)))
    out.print(table)


def _parsed(settings: list[str]) -> dict[str, float]:
    parsed: dict[str, float] = {}
    for entry in settings:
        name, _, number = entry.partition("=")
        try:
            parsed[name.strip()] = int(number) if number.strip().lstrip("-").isdecimal() else float(number)
        except ValueError:
            fail(f"--set {escape(entry)} is not NAME=NUMBER.")
    return parsed


def _show(result: "Report") -> None:
    settings = ", ".join(f"{name} = {value:g}" for name, value in result.parameters.items())
    out.print(escape(result.description), highlight=False)
    if settings:
        out.print(f"[dim]{settings}[/]", highlight=False)
    if not result.rows:
        out.print("No rows.")
        return
    table = Table()
    for number, column in enumerate(result.columns):
        numeric = all(isinstance(row[number], int | float) or row[number] is None for row in result.rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in result.shown():
        table.add_row(*map(escape, row))
    out.print(table)


def _write(result: "Report", path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(result.columns)
            writer.writerows(result.rows)
    except OSError as error:
        fail(f"{escape(str(path))} can't be written: {error.strerror}.")
    out.print(f"{len(result.rows):,} rows in {escape(str(path))}", highlight=False)
