"""Slugs as core makes them: of titles and names, and another where one is taken."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

_LETTERS: Final = str.maketrans({"ß": "s", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})


def slug_of(text: str) -> str:
    """As `sanitize_title` does: tags and entities fall away, accents too, and what is no word parts words or goes."""
    bare = re.sub(r"<[^>]*>", "", text).lower()
    plain = "".join(char for char in unicodedata.normalize("NFD", bare) if not unicodedata.combining(char))
    plain = re.sub(r"&.+?;", "", plain.translate(_LETTERS))
    words = re.sub(r"[^\w\s-]", "", re.sub(r"[./–—]", "-", plain))  # noqa: RUF001 - dashes
    return quote(re.sub(r"-+", "-", re.sub(r"\s+", "-", words)).strip("-")).lower()


def free(wanted: str, is_taken: Callable[[str], bool], first: int = 2) -> str:
    """The slug, numbered where it is taken: the second `c` is `c-2`."""
    slug, number = wanted, first
    while is_taken(slug):
        slug, number = f"{wanted}-{number}", number + 1
    return slug
