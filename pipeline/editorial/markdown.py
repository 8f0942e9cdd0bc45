"""Markdown as the editorial line reads it: one parser, and the text of what it parsed."""

from collections.abc import MutableMapping, Sequence
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

from pipeline.writing.text import count_words

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_WORDS_A_MINUTE = 230


@cache
def parser() -> "MarkdownIt":
    """CommonMark, tables and struck-out text: what the pages are rendered with."""
    from markdown_it import MarkdownIt

    built = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # Its rules are compiled at the first parse, and a second thread would find them half compiled. After that, all
    # state is in the call.
    built.parse("*a*")
    return built


def parse(markdown: str, env: MutableMapping[str, Any] | None = None) -> "list[Token]":
    """The block tokens; `env` receives the link references."""
    return parser().parse(markdown, env if env is not None else {})


def text_of(tokens: "Sequence[Token]") -> str:
    """What a reader reads of these tokens, a line a block: no image texts, no raw HTML."""
    return "\n".join(inline_text(token) for token in tokens if token.type in {"inline", "code_block", "fence"})


def inline_text(token: "Token") -> str:
    """The text of one block, on one line."""
    if token.children is None:
        return token.content
    return "".join(_piece(child) for child in token.children)


def _piece(token: "Token") -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "code_inline", "text_special"} else ""


def word_count(markdown: str) -> int:
    return count_words(text_of(parse(markdown)))


def reading_minutes(words: int) -> int:
    return ceil(words / _WORDS_A_MINUTE)
