"""How wide a search engine shows a title.

Google shows titles in Arial at 20 px and cuts them where the result's column ends, near 600 px. The table has Arial's
advance widths in units of 1/2048 em, by width: taken from Liberation Sans, which is made to have the same ones.
Kerning, which draws some pairs closer together, is left out: a title that fits here fits there.
"""

import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

_UNITS_PER_EM = 2048
_FONT_SIZE = 20


def width(text: str) -> int:
    """In pixels, rounded up. A character that the table does not have takes an em, one that combines nothing."""
    return _pixels(sum(_units(text)))


def fitting(text: str, pixels: int) -> int:
    """How many characters of the text's beginning are no wider than that."""
    return sum(_pixels(units) <= pixels for units in accumulate(_units(text)))


def columns(text: str) -> int:
    """How long a text is in characters, those of Chinese, Japanese and Korean counted as two, as wide as they are."""
    return len(text) + sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text if char > "\u10ff")


def _units(text: str) -> Iterator[int]:
    table = _table()
    return (table[char] if char in table else _other(char) for char in text)


def _pixels(units: int) -> int:
    return -(-units * _FONT_SIZE // _UNITS_PER_EM)


def _other(char: str) -> int:
    return 0 if unicodedata.category(char) in {"Mn", "Me", "Cc", "Cf"} else _UNITS_PER_EM


@cache
def _table() -> dict[str, int]:
    text = Path(__file__).with_name("arial_widths.json").read_text(encoding="utf-8")
    return {char: int(units) for units, chars in json.loads(text).items() for char in chars}
