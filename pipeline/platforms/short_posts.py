"""Short posts on networks that count what a reader sees: graphemes, links and hashtags of a plain text. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.content import Content
from pipeline.text.fitting import ELLIPSIS, fit
from pipeline.text.rendering import clean

Spans = list[tuple[int, int]]
THREAD: Final = "thread"
"""The key of `platform_specific` under which the posts after the first are, of a text that takes several."""
WIDEST_NUMBER: Final = "\n\n999/999"
"""Of a post in a thread."""

_GRAPHEME: Final = regex.compile(r"\X")
_LINK: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_A_LINK: Final = ".,;:!?'…"
_BETWEEN: Final = " \n,;:–—-"  # noqa: RUF001
_NUMBER: Final = re.compile(r"\s\d{1,3}/\d{1,3}\Z")
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
    return said(hook, tags[:room]) or article.link, tags[:room]


def in_parts(
    parts: Sequence[str],
    link: str | None,
    limit: int,
    measure: Callable[[str], int],
    spans: Callable[[str], Spans] = links,
) -> list[str]:
    """Parts that somebody wrote as posts, with their numbers; the link ends the last, or follows where it has no room.

    A part that is too long is two posts: nothing of what was approved is left out. `spans` tells where links are.
    """
    room = limit - measure(WIDEST_NUMBER)
    posts = [piece for part in parts for piece in cut(clean(part), room, measure, spans)]
    if link is not None:
        together = f"{posts[-1]}\n\n{link}" if posts else link
        posts = [*posts[:-1], together] if measure(together) <= room else [*posts, link]
    if len(posts) <= 1:
        return posts
    return [f"{each}\n\n{number}/{len(posts)}" for number, each in enumerate(posts, start=1)]


def posts(content: Content) -> list[Content]:
    """What each post of a publication holds: of most there is one. Files go with the first, a card with the last."""
    more = content.platform_specific.get(THREAD)
    if not isinstance(more, list | tuple) or not more:
        return [content]
    without = replace(content, media=(), link_url=None)
    *between, last = [replace(without, body=str(each)) for each in more]
    return [replace(content, link_url=None), *between, replace(last, link_url=content.link_url)]


def step(name: str, number: int) -> str:
    """The journal's name of a step that is taken for each post; the first has the name alone."""
    return name if number == 1 else f"{name}-{number}"


def field(number: int) -> str:
    """What a post is called where something is said of it."""
    return "body" if number == 1 else f"post {number}"


def is_part(text: str) -> bool:
    """Whether the text ends with a thread's number."""
    return bool(_NUMBER.search(text))


def cut(paragraph: str, room: int, measure: Callable[[str], int], spans: Callable[[str], Spans]) -> Iterator[str]:
    """A paragraph in pieces of which each fits."""
    rest = paragraph.strip()
    while rest:
        piece = fit(rest, room, measure, spans)
        if not piece:
            return
        yield piece
        taken = piece if rest.startswith(piece) else piece.removesuffix(ELLIPSIS).rstrip()
        rest = rest[len(taken) :].lstrip(_BETWEEN)
