"""How commands lay out what is longer than a line: wrapped under its own beginning, and never in a pipe."""

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import out

_pipe = Console(width=1000)
"""Wide enough that no address is broken for the program that reads it."""


def print_indented(text: str, by: int, style: str = "") -> None:
    _print(Padding(Text(text, style, overflow="fold"), (0, 0, 0, by), expand=False))


def grid(*, narrow: int) -> Table:
    """Rows whose first `narrow` columns are as wide as their longest word, and the next takes what is left."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(narrow):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def print_grid(table: Table, *, indent: int = 0) -> None:
    _print(Padding(table, (0, 0, 0, indent), expand=False))


def _print(renderable: RenderableType) -> None:
    (out if out.is_terminal else _pipe).print(renderable, highlight=False)
