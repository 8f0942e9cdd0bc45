"""An article's running text on the parse tree, with the way back from it to the article's characters."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html.entities import html5
from itertools import pairwise
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from pipeline.editorial.boundaries import lowered
from pipeline.text.rendering import UNSAYABLE

if TYPE_CHECKING:
    from markdown_it.token import Token

# What a reader sees as something else than is written: an escaped sign, an entity, a line's end.
_WRITTEN = re.compile(
    r"\\(?P<sign>[!-/:-@\[-`{-~])|(?P<entity>&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});)|\n *"
)
_ACCENTED = regex.compile(_WRITTEN.pattern + r"|(?P<accented>\P{M}\p{M}+)")
# The characters that composition turns into signs of Markdown: the Greek question mark, and the Greek grave accent.
_COMPOSED_SIGNS = {0x037E: ";", 0x1FEF: "`"}
_LINE_WHITE = re.compile(r"[\t\r\n]+")
_LINE_END = re.compile(r"\r\n?|\n")
_MARK = regex.compile(r"\p{M}")


@dataclass(frozen=True, slots=True)
class Said:
    """An article as it is parsed to be rendered: without what can't be said, which would part what is one for a reader.

    `places` tells of each of its characters, and of its end, where that stands in what is stored.
    """

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, markdown: str) -> "Said":
        if _LINE_WHITE.sub("", markdown).isprintable() and not any(sign in markdown for sign in "\u037e\u1fef"):
            return cls(markdown, range(len(markdown) + 1))  # nothing to leave out: as nearly all are, and much faster
        composed = markdown.translate(_COMPOSED_SIGNS)
        left_out = {match.start() for match in UNSAYABLE.finditer(composed)}
        places = [place for place in range(len(markdown) + 1) if place not in left_out]
        return cls("".join(composed[place] for place in places[:-1]), places)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] stands in what is stored, what can't be said around it left out."""
        return self.places[start], self.places[end - 1] + 1 if end > start else self.places[start]


@dataclass(frozen=True, slots=True)
class Readable:
    """A text as it is searched: lower case, composed, on one line, escapes and entities as what they stand for.

    For each of its characters: where it starts and ends in the text as it is written.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


@dataclass(frozen=True)
class Paragraph:
    token: "Token"
    line: int
    line_starts: Sequence[tuple[int, int]]
    """For each line: where it starts in the token's content, and in the article."""

    @cached_property
    def readable(self) -> Readable:
        return readable(self.token.content)

    def offset_in_article(self, offset: int) -> int:
        start, at = next(pair for pair in reversed(self.line_starts) if pair[0] <= offset)
        return at + offset - start


def paragraphs(markdown: str, tokens: "Sequence[Token]") -> Iterator[Paragraph]:
    """The running text: paragraphs, also of lists, that may carry links.

    Not headings, code, tables and quotations; nor notes, which are all in emphasis, and paragraphs with HTML in them.
    """
    lines = lines_of(markdown)
    quoted = 0
    for before, token in pairwise(tokens):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(before.type, 0)
        if before.type == "html_block" and not _is_comment(before.content):
            return  # what it opened may hold everything that follows
        if before.type != "paragraph_open" or quoted or before.map is None or _is_note_or_html(token):
            continue
        starts = _line_starts(token.content, lines[before.map[0] : before.map[1]])
        if starts is not None:
            yield Paragraph(token, before.map[0], starts)


def lines_of(markdown: str) -> list[tuple[int, str]]:
    """Each line with where it starts, split as the parser splits."""
    lines, at = [], 0
    for line in _LINE_END.split(markdown):
        lines.append((at, line))
        at += len(line)
        at += 2 if markdown.startswith("\r\n", at) else 1
    return lines


def readable(content: str) -> Readable:
    """One block's Markdown as it is searched."""
    accented = not content.isascii() and _MARK.search(content) is not None
    found = (_ACCENTED if accented else _WRITTEN).finditer(content)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in found:
        start, end = match.span()
        seen = _seen(match, accented=accented)
        parts += (content[at:start], seen)
        starts += (*range(at, start), *[start] * len(seen))
        ends += (*range(at + 1, start + 1), *[end] * len(seen))
        at = end
    if not parts:
        return Readable(lowered(content), range(len(content)), range(1, len(content) + 1))
    parts.append(content[at:])
    starts += range(at, len(content))
    ends += range(at + 1, len(content) + 1)
    return Readable(lowered("".join(parts)), starts, ends)


def _seen(match: "re.Match[str]", *, accented: bool) -> str:
    if (sign := match["sign"]) is not None:
        return sign
    if (entity := match["entity"]) is not None:
        return html.unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)
    if accented and match["accented"] is not None:
        return unicodedata.normalize("NFC", match["accented"])
    return " "


def _line_starts(content: str, lines: Sequence[tuple[int, str]]) -> list[tuple[int, int]] | None:
    """None where the parser changed more than the lines' ends (a tab in a list's indentation)."""
    starts, at = [], 0
    own = content.split("\n")
    if len(own) != len(lines):
        return None
    for part, (start, line) in zip(own, lines, strict=True):
        kept = line if line.endswith(part) else line.rstrip()
        if not kept.endswith(part):
            return None
        starts.append((at, start + len(kept) - len(part)))
        at += len(part) + 1
    return starts


def _is_comment(markup: str) -> bool:
    return markup.lstrip().startswith("<!--") and markup.rstrip().endswith("-->")


def _is_note_or_html(token: "Token") -> bool:
    children = token.children or []
    if any(child.type == "html_inline" for child in children):
        return True
    return bool(children) and children[0].type == "em_open" and all(child.level for child in children[1:-1])
