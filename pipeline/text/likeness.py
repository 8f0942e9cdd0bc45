"""How alike two texts are, by the resemblance of Broder (1997): shared pieces over all pieces. Pure.

A piece is five characters in a row of the text as it reads: without links, case and punctuation. Characters
and not words, so that it holds for languages that write no spaces and for a word put in another form. A post of 200
characters with one word of six replaced is 0.9 alike; with three replaced it is 0.7, which is where we say so.
"""

import re
import unicodedata
from typing import Final

NEAR_DUPLICATE: Final = 0.7
_PIECE: Final = 5
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")

Pieces = frozenset[str]


def said(text: str) -> str:
    """What a text without markup says: its words in lower case, without links and punctuation; may be empty."""
    read = _LINK.sub(" ", unicodedata.normalize("NFKC", text))
    return _BETWEEN_WORDS.sub(" ", read.casefold()).strip()


def pieces(text: str) -> Pieces:
    """Of a text without markup. Empty where it says nothing but links; a text shorter than a piece is one."""
    words = said(text)
    if not words:
        return frozenset()
    return frozenset(words[start : start + _PIECE] for start in range(max(1, len(words) - _PIECE + 1)))


def likeness(one: Pieces, other: Pieces) -> float:
    """From 0, nothing in common, to 1, the same pieces."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def repeated(new: Pieces, words: str, least: float = NEAR_DUPLICATE) -> float:
    """The part of a new text that another one, given by what it `said`, says too, whatever it says besides (Broder's
    containment); 0 where that is less than `least`. It stops as soon as that is certain, mostly at a third of the way.
    """
    missing, allowed = 0, len(new) * (1 - least)
    for piece in new:
        if piece not in words:
            missing += 1
            if missing > allowed:
                return 0.0
    return 1 - missing / len(new) if new else 0.0
