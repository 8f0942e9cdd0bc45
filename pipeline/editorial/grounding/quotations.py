"""What a text puts in quotation marks, of any language's kind, and whether somebody said it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.writing.text import squeeze, words

FEWEST_WORDS: Final = 3
"""Fewer are a term or an expression, not what somebody said."""

_QUOTATION: Final = regex.compile(
    r"[„‚](?P<said>[^“”‘\"]+)(?:[“”‘\"]|$)"  # noqa: RUF001 - quotation marks, here and below
    r"|“(?P<said>[^“”]+)(?:[”“]|$)"
    r"|”(?P<said>[^“”]+)”"
    r"|«(?P<said>[^«»]+)(?:»|$)"
    r"|»(?P<said>[^«»]+)(?:«|$)"
    r"|\u2039(?P<said>[^\u2039\u203a]+)\u203a"
    r"|「(?P<said>[^「」]+)(?:」|$)"
    r"|『(?P<said>[^『』]+)(?:』|$)"
    r"|(?<![\p{L}\p{N}])\"(?=\S)(?P<said>[^\"]+)(?:\"|$)"
    r"|(?<![\p{L}\p{N}])‘(?=\S)(?P<said>.+?)(?<=\S)’(?!\p{L})"  # noqa: RUF001
    r"|(?<![\p{L}\p{N}])'(?=\p{L})(?P<said>.+?)(?<=\S)'(?!\p{L})"
)
# Sentences of one quotation may stand apart in the source; what is left out or put in by the writer is marked so.
_PIECE_END: Final = regex.compile(r"[.!?\u2026\u3002]+(?=[\s\"'\u201d\u2019)]|$)|\u2026|\[[^\]]*\]|\s[\u2013\u2014]\s?")


@dataclass(frozen=True, slots=True)
class Quotation:
    said: str
    start: int
    end: int


def quotations(text: str) -> list[Quotation]:
    """What is quoted at some length, in order. A quotation that is not closed goes to the end."""
    return [
        Quotation(match["said"], match.start(), match.end())
        for match in _QUOTATION.finditer(text)
        if len(words(match["said"])) >= FEWEST_WORDS
    ]


def without(text: str, quoted: list[Quotation]) -> str:
    """The text with each quotation blanked out, everything else in its place."""
    for quotation in quoted:
        text = text[: quotation.start] + " " * (quotation.end - quotation.start) + text[quotation.end :]
    return text


def spoken(text: str) -> str:
    """The words alone, in lower case, with a space before and after each."""
    return f" {' '.join(words(squeeze(text).replace(chr(0x2019), chr(39)).casefold()))} "


def was_said(said: str, sources: Sequence[str]) -> bool:
    """Each of its sentences stands in one of the sources, word for word. `sources` are as `spoken` gives them."""
    return all(any(piece in source for source in sources) for piece in _pieces(said))


def _pieces(said: str) -> Iterator[str]:
    for piece in _PIECE_END.split(said):
        if (plain := spoken(piece)).strip():
            yield plain
