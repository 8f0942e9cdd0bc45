"""Text that goes into a CSV which somebody opens in a spreadsheet. Pure."""

from typing import Final

_FORMULA: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\N{FULLWIDTH EQUALS SIGN}",
    "\N{FULLWIDTH PLUS SIGN}",
    "\N{FULLWIDTH HYPHEN-MINUS}",
    "\N{FULLWIDTH COMMERCIAL AT}",
)
"""What a cell begins with that a spreadsheet would calculate (OWASP, "CSV Injection")."""


def harmless_cell(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would calculate it: it then shows it as it is."""
    return f"'{text}" if text.startswith(_FORMULA) else text
