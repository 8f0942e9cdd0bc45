"""Cuts a text to a platform's limit, by the platform's own counting, where a reader would cut it. Pure."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

Measure = Callable[[str], int]
Spans = Callable[[str], Sequence[tuple[int, int]]]

ELLIPSIS: Final = "…"
_GRAPHEME: Final = regex.compile(r"\X")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_FULL_WIDTH_END: Final = re.compile(r"[。！？]+[」』）”]*")  # noqa: RUF001 - the sentence ends of Chinese and Japanese
_DANGLING: Final = " \n,;:–—-(["  # noqa: RUF001
_LONGEST_LINK: Final = 4096
_CODE_POINTS_A_UNIT: Final = 16
"""More than the code points of an emoji sequence that counts as one or two."""


def link_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _LINK.finditer(text)]


def fit(text: str, limit: int, measure: Measure = len, links: Spans = link_spans) -> str:
    """The text, or as much of its beginning as `measure` allows; empty where nothing of it does.

    It ends with a whole sentence where that keeps half of what is allowed, else with a whole word and an ellipsis,
    else (scripts without blanks) with a whole character. No link and no grapheme is ever cut.
    """
    head = text[: limit * _CODE_POINTS_A_UNIT + _LONGEST_LINK]
    if head == text and measure(text) <= limit:
        return text
    spans = links(head)
    ends = [
        match.end()
        for match in _GRAPHEME.finditer(head)
        if not any(start < match.end() < stop for start, stop in spans)
    ]
    characters = set(ends)
    sentences = [end for end in sentence_ends(head) if end in characters]
    words = [end for end in ends if end < len(head) and head[end].isspace()]
    stops = {stop for _, stop in spans}

    def whole(cut: int) -> str:
        return head[:cut].rstrip()

    def broken(cut: int) -> str:
        kept = whole(cut)
        if len(kept) in stops:  # nothing is taken from a link, nor joined to it
            return f"{kept} {ELLIPSIS}"
        kept = kept.rstrip(_DANGLING)
        return kept and kept + ELLIPSIS

    best = ""
    for cuts, shown in ((sentences, whole), (words, broken), (ends, broken)):
        best = max(best, _longest(cuts, shown, limit, measure), key=measure)
        if measure(best) * 2 >= limit:
            return best
    return best


def _longest(cuts: Sequence[int], shown: Callable[[int], str], limit: int, measure: Measure) -> str:
    """What is shown at the last of the cuts where it fits."""
    # Measures grow with the text nearly always: a half-read link is the exception that the loop undoes.
    index = bisect_right(cuts, limit, key=lambda cut: measure(shown(cut)))
    while index and measure(shown(cuts[index - 1])) > limit:
        index -= 1
    return shown(cuts[index - 1]) if index else ""


def sentence_ends(text: str) -> list[int]:
    """Where sentences end, abbreviations and decimals not among them."""
    import pysbd

    ends = {match.end() for match in _FULL_WIDTH_END.finditer(text)}
    position = 0
    for sentence in pysbd.Segmenter(language="en", clean=False).segment(text):
        words = str(getattr(sentence, "sent", sentence)).strip()
        found = text.find(words, position)
        if found < 0:  # it changed the text on the way
            break
        position = found + len(words)
        ends.add(position)
    return sorted(ends)
