"""What is known of a language: its word forms, and, where somebody wrote them down (`en.toml`), its rules of reading.

Word forms are Snowball's (https://snowballstem.org), for every language that it has.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

UNKNOWN = "und"

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "km": "Khmer",
    "ko": "Korean", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian", "my": "Burmese", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip
_WITHOUT_SPACES = frozenset({"ja", "km", "lo", "my", "th", "zh"})


@dataclass(frozen=True, slots=True)
class Reading:
    """The rules of reading of one language. Words are in lower case, with a straight apostrophe."""

    weak_openings: frozenset[str]
    transitions: frozenset[str]
    transition_phrases: Mapping[str, Sequence[Sequence[str]]]
    """Those of several words: by the first word, what follows it."""
    passive_auxiliaries: frozenset[str]
    between: frozenset[str]
    participle_ending: str
    irregular_participles: frozenset[str]
    not_participles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Language:
    """`reading` is None, and the words are empty, where nobody has written rules for the language yet."""

    code: str
    name: str
    has_word_forms: bool
    has_spaces: bool
    """False where a character is counted as a word."""
    function_words: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    abbreviations_before_numbers: frozenset[str] = frozenset()
    reading: Reading | None = None

    def stems(self, words: Sequence[str]) -> Sequence[str]:
        """The stem of each word; the word itself in a language that Snowball does not have."""
        if not self.has_word_forms:
            return words
        from Stemmer import Stemmer

        # Made for each call: one that two threads share gives wrong stems, and making it takes a microsecond.
        stems: list[str] = Stemmer(self.code).stemWords(words)
        return stems


def language_of(code: str | None) -> Language:
    """By its ISO 639-1 code, with or without a region: “en”, “en-GB”, “pt_BR”."""
    return _language((code or UNKNOWN).replace("_", "-").partition("-")[0].strip().lower() or UNKNOWN)


@cache
def _language(code: str) -> Language:
    has_forms, has_spaces = code in _snowball(), code not in _WITHOUT_SPACES
    rules = Path(__file__).with_name(f"{code}.toml") if code.isalpha() and code.isascii() else None
    if rules is None or not rules.is_file():
        name = "a language that could not be told" if code == UNKNOWN else _NAMES.get(code, f"the language “{code}”")
        return Language(code, name, has_forms, has_spaces)
    table = tomllib.loads(rules.read_text(encoding="utf-8"))
    return Language(
        code,
        table["name"],
        has_forms,
        has_spaces,
        _words(table["function_words"]),
        _words(table["abbreviations"]),
        _words(table["abbreviations_before_numbers"]),
        _reading(table),
    )


@cache
def _snowball() -> frozenset[str]:
    """The codes that it has an algorithm for. It takes them itself, but lists only the algorithms' names."""
    from Stemmer import Stemmer

    def has(code: str) -> bool:
        try:
            Stemmer(code)
        except KeyError:
            return False
        return True

    return frozenset(filter(has, ["en", *_NAMES]))


def _reading(table: Mapping[str, Any]) -> Reading:
    transitions = [entry.split() for entries in table["transitions"].values() for entry in entries]
    phrases: dict[str, list[Sequence[str]]] = {}
    for first, *rest in transitions:
        if rest:
            phrases.setdefault(first, []).append(rest)
    return Reading(
        weak_openings=_words(table["weak_openings"]),
        transitions=frozenset(entry[0] for entry in transitions if len(entry) == 1),
        transition_phrases=phrases,
        passive_auxiliaries=_words(table["passive_auxiliaries"]),
        between=_words(table["between"]),
        participle_ending=table["participle_ending"],
        irregular_participles=_words(table["irregular_participles"]),
        not_participles=_words(table["not_participles"]),
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())
