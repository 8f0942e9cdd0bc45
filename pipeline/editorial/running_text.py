"""An article's running text on the parse tree, with the way back from it to the source's characters."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    token: "Token"
    line_starts: Sequence[tuple[int, int]]
    """For each line: where it starts in the token's content, and in the source."""

    def source_offset(self, offset: int) -> int:
        start, source = next(pair for pair in reversed(self.line_starts) if pair[0] <= offset)
        return source + offset - start


def paragraphs(markdown: str, tokens: "Sequence[Token]") -> Iterator[Paragraph]:
    """The running text: paragraphs, also of lists, that may carry links."""
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
            yield Paragraph(token, starts)


def lines_of(markdown: str) -> list[tuple[int, str]]:
    """Each line with where it starts, split as the parser splits."""
    return [(match.start(), match.group().rstrip("\r\n")) for match in _LINE.finditer(markdown)]


def _line_starts(content: str, lines: Sequence[tuple[int, str]]) -> list[tuple[int, int]] | None:
    """None where the parser changed more than the lines' ends (a tab in a list's indentation)."""
    starts, at = [], 0
    own = content.split("\n")
    if len(own) != len(lines):
        return None
    for part, (source, line) in zip(own, lines, strict=True):
        kept = line if line.endswith(part) else line.rstrip()
        if not kept.endswith(part):
            return None
        starts.append((at, source + len(kept) - len(part)))
        at += len(part) + 1
    return starts


def _is_comment(html: str) -> bool:
    return html.lstrip().startswith("<!--") and html.rstrip().endswith("-->")


def _is_note_or_html(token: "Token") -> bool:
    children = token.children or []
    if any(child.type == "html_inline" for child in children):
        return True
    return bool(children) and children[0].type == "em_open" and all(child.level for child in children[1:-1])
