"""Phrases that may become links, however many, looked for in one pass."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.editorial.boundaries import is_whole_word, lowered
from pipeline.editorial.running_text import Readable
from pipeline.writing.text import squeeze

_READ = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Target:
    """What phrases may link to. A phrase is meant as it is written; a plural is a phrase of its own."""

    url: str
    phrases: Sequence[str]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase stands in a paragraph's content, and the place in the list, and the address, of its target."""

    start: int
    end: int
    rank: int
    url: str


class Catalogue:
    """Targets, their phrases built into one Aho-Corasick automaton: built once, it serves any number of articles.

    Of two targets with one phrase, the first in the list has it. A phrase without a letter or digit is none.
    """

    def __init__(self, targets: Iterable[Target]) -> None:
        from ahocorasick_rs import AhoCorasick

        self._urls: list[str] = []
        ranks: dict[str, int] = {}
        for rank, target in enumerate(targets):
            self._urls.append(target.url)
            for phrase in map(normal, target.phrases):
                if is_phrase(phrase):
                    ranks.setdefault(phrase, rank)
        self._ranks = list(ranks.values())
        self._automaton = AhoCorasick(list(ranks), store_patterns=False) if ranks else None

    def matches(self, content: Readable) -> Iterator[Match]:
        """Every whole-word occurrence in reading order, overlapping ones too; at one place the longest first."""
        if self._automaton is None:
            return
        text = content.text
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        addresses = _addresses(text) if found else []
        for index, start, end in sorted(found, key=lambda match: (match[1], -match[2])):
            in_address = any(first < end and start < last for first, last in addresses)
            if not in_address and is_whole_word(text, start, end):
                rank = self._ranks[index]
                yield Match(content.starts[start], content.ends[end - 1], rank, self._urls[rank])


def normal(phrase: str) -> str:
    """The phrase as it is looked for: lower case, single spaces."""
    if phrase.isascii() and phrase.isprintable():  # as most are, and there may be thousands
        return " ".join(phrase.lower().split())
    return lowered(squeeze(phrase))


def is_phrase(phrase: str) -> bool:
    """It has something to read: a sign alone is no keyword, and nothing at all would stand everywhere."""
    return _READ.search(phrase) is not None


def _addresses(text: str) -> list[tuple[int, int]]:
    """Where web addresses stand, and whatever else is glued to one."""
    found = []
    for sign in ("://", "www."):
        at = text.find(sign)
        while at >= 0:
            end = text.find(" ", at)
            found.append((text.rfind(" ", 0, at) + 1, len(text) if end < 0 else end))
            at = text.find(sign, found[-1][1])
    return found
