"""What changed between two texts of prose: paragraph by paragraph, and inside a paragraph word by word. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_BETWEEN_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n\s*")
_WORDS: Final = re.compile(r"\s+|\S+")
_ALIKE: Final = 0.4
"""Share of words in common from which a paragraph counts as changed rather than as another one."""


class Change(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


Pieces = Sequence[tuple[Change, str]]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Its pieces, in reading order. One whose pieces are all `SAME` was not touched."""

    pieces: Pieces

    @property
    def is_same(self) -> bool:
        return all(change is Change.SAME for change, _ in self.pieces)


def compare(before: str, after: str) -> list[Paragraph]:
    """The paragraphs of both texts in reading order, the removed ones before what took their place."""
    old, new = _paragraphs(before), _paragraphs(after)
    found: list[Paragraph] = []
    for tag, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [_whole(Change.SAME, text) for text in old[a:a_end]]
        else:
            found += _replaced(old[a:a_end], new[b:b_end])
    return found


def compare_words(before: str, after: str) -> Paragraph:
    """One paragraph against another, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[tuple[Change, str]] = []
    for tag, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append((Change.SAME, "".join(old[a:a_end])))
            continue
        for change, words in ((Change.REMOVED, old[a:a_end]), (Change.ADDED, new[b:b_end])):
            if words:
                pieces.append((change, "".join(words)))
    return Paragraph(pieces)


def _paragraphs(text: str) -> list[str]:
    return [part for part in _BETWEEN_PARAGRAPHS.split(text.strip()) if part]


def _whole(change: Change, text: str) -> Paragraph:
    return Paragraph([(change, text)])


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Paragraph]:
    """Each old paragraph against the likest new one that is left behind the last that was met."""
    met = 0
    for paragraph in old:
        likest = max(range(met, len(new)), key=lambda n: _likeness(paragraph, new[n]), default=None)
        if likest is None or _likeness(paragraph, new[likest]) < _ALIKE:
            yield _whole(Change.REMOVED, paragraph)
            continue
        yield from (_whole(Change.ADDED, text) for text in new[met:likest])
        yield compare_words(paragraph, new[likest])
        met = likest + 1
    yield from (_whole(Change.ADDED, text) for text in new[met:])


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()
