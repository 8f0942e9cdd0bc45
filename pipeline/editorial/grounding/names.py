"""Names in an English text, and whether its sources have them. Pure.

A name is a word with a capital where no sentence begins. A word that opens a sentence may be any word, so it counts
only with another name behind it. Months, days and titles before a name name nobody, and where every word has a capital
(a title in title case, a shout) none can be told apart.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.editorial.seo.language import Language
from pipeline.writing.text import is_shouted

_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['\u2019.&-][\p{L}\p{M}\p{N}]+)*")
_PART: Final = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{N}+")
_POSSESSIVE: Final = regex.compile(r"['\u2019]s?$")
_OPENS_A_SENTENCE: Final = regex.compile(r"(?:^|[.!?:;\u2026\u2013\u2014(\[/|\"\u201c\u201d\u2018\u201e\u00ab'])\s*$")
_TITLE_CASE: Final = 0.6
_FEWEST_FOR_TITLE_CASE: Final = 3
_ABBREVIATED: Final = frozenset({"mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "st", "lt", "sgt", "jr"})
_NAMELESS: Final = frozenset(
    word
    for line in (
        "january february march april may june july august september october november december jan feb mar apr jun jul",
        "aug sept sep oct nov dec monday tuesday wednesday thursday friday saturday sunday mr mrs ms miss dr prof",
        "professor sir lady lord president vice prime minister secretary senator sen representative rep governor gov",
        "mayor chancellor king queen prince princess general gen captain judge justice chief executive director",
        "chairman chairwoman pope god i am pm ok faq tip tips",
    )
    for word in line.split()
)
_OPENERS: Final = frozenset(
    {"yesterday", "today", "tomorrow", "tonight", "earlier", "later", "last", "next", "once", "soon", "former", "new"}
)
_SAME: Final = (
    (
        r"\b(?:US|USA|United States|Americans?|America)\b|\bU\.S\.",
        "us u.s usa united states america american americans",
    ),
    (r"\b(?:UK|Britain|British|United Kingdom)\b|\bU\.K\.", "uk u.k united kingdom britain british britons"),
    (r"\b(?:EU|European Union)\b", "eu european union"),
    (r"\b(?:UN|United Nations)\b|\bU\.N\.", "un u.n united nations"),
)


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    opens: bool
    """It opens a sentence, so its capital says nothing."""

    @property
    def is_capitalised(self) -> bool:
        return self.text[0].isupper()


@dataclass(frozen=True, slots=True)
class Name:
    """`unknown` are those of its words that no source has."""

    text: str
    start: int
    unknown: tuple[str, ...]


class Known:
    """The words of the sources, in every form in which an article may name the same."""

    def __init__(self, texts: Iterable[str], language: Language) -> None:
        self._language = language
        text = "\n".join(texts)
        found = [word.text for word in _words(text)]
        plain = {form for word in found for form in _forms(word)}
        for pattern, same in _SAME:
            if regex.search(pattern, text):
                plain.update(same.split())
        self._words = plain | set(language.stems(sorted(plain)))
        self._initials = ["".join(word.text[0] for word in run) for run in _runs(_words(text))]
        self._acronyms = {word.replace(".", "") for word in found if word.isupper() and len(word) > 1}
        self.lower_case = {word for word in found if word.islower()}

    def has(self, word: str) -> bool:
        """The word itself, in another form, or all that it is put together of; or it abbreviates a name."""
        forms = [_folded(word), _plain(word)]
        if any(form in self._words for form in (*forms, *self._language.stems(forms))):
            return True
        if any(len(parts) > 1 and self._words.issuperset(parts) for parts in _splits(word)):
            return True
        letters = word.replace(".", "")
        return letters.isupper() and len(letters) > 1 and any(letters in initials for initials in self._initials)

    def has_initials_of(self, run: list[Word]) -> bool:
        """The sources abbreviate it."""
        return len(run) > 1 and "".join(word.text[0] for word in run) in self._acronyms


def unknown_names(
    text: str, known: Known, language: Language, lower_case: Iterable[str], *, may_be_a_title: bool = False
) -> Iterator[Name]:
    """The names of a passage that have a word which no source has, in order. `lower_case` are words of the article that
    stand in lower case somewhere, so that they name nothing where they open a sentence.
    """
    words = list(_words(text))
    if is_shouted(text) or (may_be_a_title and _is_title_case(words)):
        return
    ordinary = {*lower_case, *known.lower_case, *language.function_words, *_OPENERS}
    if language.reading is not None:
        ordinary |= language.reading.transitions
    for run in _runs(words):
        own = run[1:] if run[0].opens and (len(run) == 1 or _is_ordinary(run[0].text, ordinary)) else run
        checked = [word for word in own if _is_judged(word, text)]
        unknown = tuple(word.text for word in checked if not known.has(word.text))
        if unknown and not known.has_initials_of(own):
            yield Name(text[own[0].start : own[-1].start + len(own[-1].text)], own[0].start, unknown)


def lower_case_words(text: str) -> set[str]:
    return {word.text for word in _words(text) if word.text.islower()}


def _is_judged(word: Word, text: str) -> bool:
    """An initial or a title names nobody, and of a word that is cut off nobody knows what it is."""
    is_cut_off = text[word.start + len(word.text) :].startswith(("…", "..."))
    return len(word.text) > 1 and not is_cut_off and _plain(word.text) not in _NAMELESS


def _is_ordinary(word: str, ordinary: set[str]) -> bool:
    plain = _plain(word)
    return plain in ordinary or plain in _NAMELESS or plain.endswith(("ly", "ing"))


def _words(text: str) -> Iterator[Word]:
    end, before = 0, ""
    for match in _WORD.finditer(text):
        is_abbreviated = text[end : match.start()] == ". " and (before.isupper() or _plain(before) in _ABBREVIATED)
        opens = not is_abbreviated and _OPENS_A_SENTENCE.search(text, max(0, match.start() - 4), match.start())
        yield Word(match.group(), match.start(), bool(opens))
        end, before = match.end(), match.group()


def _runs(words: Iterable[Word]) -> Iterator[list[Word]]:
    """Capitalised words that stand side by side, with nothing but a space or a small word of names between them."""
    run: list[Word] = []
    for before, word in pairwise([Word("x", -2, opens=True), *words, Word("x", 1 << 30, opens=True)]):
        gap = word.start - before.start - len(before.text)
        is_beside = not word.opens and gap in {1, len(". ")}
        if run and not (word.is_capitalised and is_beside):
            yield run
            run = []
        if word.is_capitalised:
            run.append(word)
    if run:
        yield run


def _is_title_case(words: list[Word]) -> bool:
    long = [word for word in words if len(word.text) > 3]  # noqa: PLR2004 - small words stay small in titles
    return len(long) >= _FEWEST_FOR_TITLE_CASE and sum(word.is_capitalised for word in long) > _TITLE_CASE * len(long)


def _forms(word: str) -> set[str]:
    """The word, without its possessive, and what it is put together of."""
    return {_folded(word), _plain(word)}.union(*_splits(word))


def _splits(word: str) -> list[list[str]]:
    """The parts of a compound, and of a hashtag's camel case."""
    bare = str(_POSSESSIVE.sub("", word))
    return [
        [part.casefold() for part in regex.split(r"[-&.'\u2019]", bare) if part],
        [part.casefold() for part in _PART.findall(bare)],
    ]


def _plain(word: str) -> str:
    return _folded(str(_POSSESSIVE.sub("", word)))


def _folded(word: str) -> str:
    return word.casefold().replace("\u2019", "'")
