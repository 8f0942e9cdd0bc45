"""`pressroom warnings`: what would keep scheduled posts from going out as they should."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import adapters, engine, out
from pipeline.cli.layout import print_indented
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.early_warnings import WarningRow


def warnings(
    *, look: Annotated[bool, typer.Option("--look", help="Look now at everything that is due within a day.")] = False
) -> None:
    """What the looks ahead found, a day and an hour before its time, and is not mended yet; the next due first."""
    from pipeline.store.early_warnings import open_warnings

    if look:
        _look()
    with engine().connect() as connection:
        rows = open_warnings(connection)
    for _, of_one in groupby(rows, key=lambda row: row.distribution_id):
        _print(list(of_one))
    if not rows:
        out.print("There are no warnings.")


def _look() -> None:
    from pipeline.distribution.early_warning import look_ahead
    from pipeline.distribution.engine import EngineConfig

    report = look_ahead(
        engine(),
        adapters(),
        on_time=EngineConfig.from_settings(settings()).on_time,
        worker="pressroom warnings",
        again=True,
    )
    out.print(f"{report.looked_at} looked at, {report.newly_warned} with new warnings.")


def _print(rows: "list[WarningRow]") -> None:
    """All of one distribution."""
    first = rows[0]
    due = f"{clock.told(first.scheduled_for, first.timezone)} {first.timezone}"
    out.print(
        f"{str(first.distribution_id)[:8]}  {first.account_key}  due {due}  [bold]{escape(first.title)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    for row in rows:
        print_indented(f"{row.kind.replace('_', ' ')}: {row.message}", by=10)
