"""Short posts on networks that count what a reader sees: graphemes, links and hashtags of a plain text. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean

Spans = list[tuple[int, int]]

_GRAPHEME: Final = regex.compile(r"\X")
_LINK: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_A_LINK: Final = ".,;:!?'…"
_HASHTAG: Final = regex.compile(r"(?<!\S)#[\p{L}\p{M}\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*")


def graphemes(text: str) -> int:
    """How many characters a reader sees."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def links(text: str) -> Spans:
    """Where addresses stand, in code points; the sentence's punctuation behind one is no part of it."""
    found = []
    for match in _LINK.finditer(text):
        address = match.group().rstrip(_AFTER_A_LINK)
        if address.endswith(")") and "(" not in address:
            address = address[:-1].rstrip(_AFTER_A_LINK)
        found.append((match.start(), match.start() + len(address)))
    return found


def hashtags(text: str) -> Spans:
    """Where hashtags stand, in code points, their # included."""
    return [match.span() for match in _HASHTAG.finditer(text)]


def teased(
    article: AdaptableArticle, limit: int, measure: Callable[[str], int], tags: Sequence[str], link: str | None
) -> tuple[str, Sequence[str]]:
    """What the article is about, as many of the hashtags as fit, and the link; and those hashtags.

    The words come before the tags: a tag never shortens them. `measure` counts a text as the network does.
    """

    def said(hook: str, kept: Sequence[str]) -> str:
        return clean("\n\n".join(part for part in (hook, " ".join(kept), link) if part))

    hook = fit(adaptation.teaser(article), limit, lambda text: measure(said(text, ())))
    room = next(n for n in range(len(tags), -1, -1) if n == 0 or measure(said(hook, tags[:n])) <= limit)
    return said(hook, tags[:room]) or article.canonical_url, tags[:room]
