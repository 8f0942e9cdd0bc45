"""What a picture editor and a lawyer would ask of an article, as far as a program can tell. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.text.marks import links
from pipeline.writing.text import count_words

if TYPE_CHECKING:
    from markdown_it.token import Token

WIDE_ENOUGH: Final = 1200
"""Pixels. Source: Google Search Central, "Get on Discover": large images, at least 1200 px wide."""
LONGEST_QUOTATION: Final = 75
"""Words in one quotation. Law names no number; a longer one is for a person to look at."""
_FILE_NAME: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|svg|heic)$", re.IGNORECASE)


def picture_findings(pictures: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """`pictures` are the post's files: `url`, `alt_text`, `width` in pixels (None where unknown)."""
    for number, picture in enumerate(pictures, 1):
        place = f"picture {number}: {picture['url']}"
        width = picture["width"]
        if width is not None and width < WIDE_ENOUGH:
            message = f"It is {width} pixels wide; previews and search engines want {WIDE_ENOUGH}."
            yield Finding("picture size", "improvement", message, "Use a larger one.", place)
        if _FILE_NAME.search(picture["alt_text"].strip()):
            message = f"What it shows is told by a file's name: {picture['alt_text']}."
            yield Finding("alternative text", "improvement", message, "Say in a sentence what it shows.", place)


def legal_findings(markdown: str, source_url: str | None) -> list[Finding]:
    """`source_url` is where the article's source is; None where it has none."""
    tokens = md.parse(markdown)
    return [_credit(tokens, source_url), *_quotations(tokens)]


def _credit(tokens: "Sequence[Token]", source_url: str | None) -> Finding:
    if source_url is None:
        return Finding("credit", "good", "It has no source to credit.", "", "text")
    if any(str(link.attrs.get("href") or "") == source_url for link in links(tokens)):
        return Finding("credit", "good", "The source is linked.", "", "text")
    message = f"The source is not linked: {source_url}"
    return Finding("credit", "improvement", message, "Name it and link to it, if it is quoted or retold.", "text")


def _quotations(tokens: "Sequence[Token]") -> Iterator[Finding]:
    for place, text in _quoted_blocks(tokens):
        words = count_words(text)
        if words > LONGEST_QUOTATION:
            message = f"A quotation has {words} words; more than {LONGEST_QUOTATION} may be more than quoting."
            advice = f"Quote at most {LONGEST_QUOTATION} and say the rest in your own words."
            yield Finding("quotation length", "improvement", message, advice, place)


def _quoted_blocks(tokens: "Sequence[Token]") -> Iterator[tuple[str, str]]:
    """The place and the text of each block quotation; one inside another belongs to it."""
    depth, start = 0, 0
    for number, token in enumerate(tokens):
        if token.type == "blockquote_open":
            depth += 1
            start = number if depth == 1 else start
        elif token.type == "blockquote_close":
            depth -= 1
            if depth == 0:
                yield _line(tokens[start]), md.text_of(tokens[start:number])


def _line(token: "Token") -> str:
    return f"line {token.map[0] + 1}" if token.map else "text"
