"""How far a measurement is, on the standard error."""

from rich.console import Console

_console = Console(stderr=True)


def say(text: str) -> None:
    _console.print(text, highlight=False, markup=False)
