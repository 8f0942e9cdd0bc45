"""How a link that Pressroom put into an article is told from any other: its title in the Markdown.

`[text](url "pressroom:sponsored 3f2a9c1d")`: what an editor approves shows it, the content hash covers it, it can be
taken out again byte for byte, and no renderer needs to know which hosts are affiliates. What follows the mark is the
seal of the program that set it; a person who sets a sponsored link writes the mark alone. Whatever renders Markdown
calls `resolve_marks` between parsing and rendering; a reader never sees the mark.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it.token import Token

SPONSORED: Final = "pressroom:sponsored"
RELATED: Final = "pressroom:related"
SPONSORED_RELATIONS: Final = "sponsored nofollow"


def links(tokens: "Iterable[Token]") -> "Iterator[Token]":
    """The opening token of every link. An image is none, though it may stand inside one."""
    for token in tokens:
        yield from (child for child in token.children or () if child.type == "link_open")


def mark_of(link: "Token") -> str | None:
    """`SPONSORED`, `RELATED`, or None for a link that carries neither."""
    mark = str(link.attrs.get("title") or "").split(" ", maxsplit=1)[0]
    return mark if mark in {SPONSORED, RELATED} else None


def resolve_marks(tokens: "Iterable[Token]") -> None:
    """Turn the marks of markdown-it's block tokens into the links' relations, in place."""
    for link in links(tokens):
        mark = mark_of(link)
        if mark == SPONSORED:
            link.attrs["rel"] = SPONSORED_RELATIONS
        if mark is not None:
            del link.attrs["title"]
