"""A long article as several posts: cut where a reader would, each with its number. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pipeline.platforms.content import Content
from pipeline.platforms.x import text
from pipeline.text.fitting import ELLIPSIS, fit, link_spans

KEY: Final = "thread"
"""Of `platform_specific`: the posts after the first, which is the body."""
_NUMBER: Final = re.compile(r"\n\n\d{1,3}/\d{1,3}\Z")
_WIDEST_NUMBER: Final = "\n\n999/999"
_BETWEEN: Final = " \n,;:–—-"  # noqa: RUF001

Measure = Callable[[str], int]


def posts(content: Content) -> list[str]:
    """The texts of a publication's posts; of most there is one."""
    more = content.platform_specific.get(KEY)
    return [content.body, *(str(each) for each in more)] if isinstance(more, list | tuple) else [content.body]


def numbered(first: str, paragraphs: Sequence[str], limit: int, most: int) -> list[str]:
    """The first post and what follows it, at most so many; one without a number where nothing follows.

    `first` is short enough to take its number. What is left over is left to the link in the first post.
    """
    following = _packed(paragraphs, limit - text.weighted_length(_WIDEST_NUMBER))
    if not following:
        return [first]
    if len(following) > most - 1:
        following = [*following[: most - 2], _broken_off(following[most - 2], limit)]
    total = 1 + len(following)
    return [f"{each}\n\n{number}/{total}" for number, each in enumerate((first, *following), start=1)]


def room_for_number() -> int:
    return text.weighted_length(_WIDEST_NUMBER)


def is_part(shown: str) -> bool:
    return bool(_NUMBER.search(shown))


def links(said: str) -> list[tuple[int, int]]:
    """Where links are that must not be cut."""
    return link_spans(said) + text.link_spans(said)


def _packed(paragraphs: Sequence[str], room: int) -> list[str]:
    """As many paragraphs a post as it has room for."""
    packed: list[str] = []
    for piece in (piece for paragraph in paragraphs for piece in _cut(paragraph, room)):
        together = f"{packed[-1]}\n\n{piece}" if packed else piece
        if packed and text.weighted_length(together) <= room:
            packed[-1] = together
        else:
            packed.append(piece)
    return packed


def _cut(paragraph: str, room: int) -> Iterator[str]:
    """A paragraph in pieces of which each fits."""
    rest = paragraph.strip()
    while rest:
        piece = fit(rest, room, text.weighted_length, links)
        if not piece:
            return
        yield piece
        taken = piece if rest.startswith(piece) else piece.removesuffix(ELLIPSIS).rstrip()
        rest = rest[len(taken) :].lstrip(_BETWEEN)


def _broken_off(said: str, limit: int) -> str:
    """The same with a sign that it goes on elsewhere."""
    if said.endswith(ELLIPSIS):
        return said
    room = limit - text.weighted_length(_WIDEST_NUMBER) - text.weighted_length(f" {ELLIPSIS}")
    return f"{fit(said, room, text.weighted_length, links).removesuffix(ELLIPSIS).rstrip()} {ELLIPSIS}"
