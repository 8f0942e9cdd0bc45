"""A long article as several posts: cut where a reader would, each with its number. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.platforms import short_posts
from pipeline.platforms.content import Content
from pipeline.platforms.x import text
from pipeline.text.fitting import ELLIPSIS, fit, link_spans

KEY: Final = short_posts.THREAD
_NUMBER: Final = re.compile(r"\n\n\d{1,3}/\d{1,3}\Z")

Measure = Callable[[str], int]


def posts(content: Content) -> list[str]:
    """The texts of a publication's posts; of most there is one."""
    more = content.platform_specific.get(KEY)
    return [content.body, *(str(each) for each in more)] if isinstance(more, list | tuple) else [content.body]


def numbered(first: str, paragraphs: Sequence[str], limit: int, most: int) -> list[str]:
    """The first post and what follows it, at most so many; one without a number where nothing follows.

    `first` is short enough to take its number. What is left over is left to the link in the first post.
    """
    following = _packed(paragraphs, limit - text.weighted_length(short_posts.WIDEST_NUMBER))
    if not following:
        return [first]
    if len(following) > most - 1:
        following = [*following[: most - 2], _broken_off(following[most - 2], limit)]
    total = 1 + len(following)
    return [f"{each}\n\n{number}/{total}" for number, each in enumerate((first, *following), start=1)]


def of_parts(parts: Sequence[str], link: str, limit: int) -> list[str]:
    """Parts that somebody wrote as posts, with their numbers; the link ends the last."""
    return short_posts.in_parts(parts, link, limit, text.weighted_length, links)


def room_for_number() -> int:
    return text.weighted_length(short_posts.WIDEST_NUMBER)


def is_part(shown: str) -> bool:
    return bool(_NUMBER.search(shown))


def links(said: str) -> list[tuple[int, int]]:
    """Where links are that must not be cut."""
    return link_spans(said) + text.link_spans(said)


def _packed(paragraphs: Sequence[str], room: int) -> list[str]:
    """As many paragraphs a post as it has room for."""
    packed: list[str] = []
    for piece in (
        piece for paragraph in paragraphs for piece in short_posts.cut(paragraph, room, text.weighted_length, links)
    ):
        together = f"{packed[-1]}\n\n{piece}" if packed else piece
        if packed and text.weighted_length(together) <= room:
            packed[-1] = together
        else:
            packed.append(piece)
    return packed


def _broken_off(said: str, limit: int) -> str:
    """The same with a sign that it goes on elsewhere."""
    if said.endswith(ELLIPSIS):
        return said
    room = limit - text.weighted_length(short_posts.WIDEST_NUMBER) - text.weighted_length(f" {ELLIPSIS}")
    return f"{fit(said, room, text.weighted_length, links).removesuffix(ELLIPSIS).rstrip()} {ELLIPSIS}"
