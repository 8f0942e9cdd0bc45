"""What a text says and about what: informative sentences, names, topics. Rules and statistics, no language model."""

from collections.abc import Sequence
from typing import Any

import regex  # type: ignore[import-untyped]

from pipeline.writing.base import Fact
from pipeline.writing.hook import is_call_to_action, is_clickbait
from pipeline.writing.text import UNDETERMINED, count_words, is_cut_off, is_shouted, mentions, without_urls_and_emoji

_FEWEST_WORDS = 5
_MOST_TOPICS = 6
_MOST_ENTITIES = 12
_SHORTEST_TOPIC = 3
_TRAILING_CALL = regex.compile(
    r"\s*(?:\((?:via|photo|video|image)\b[^)]*\)|(?:read|see|watch|learn|find out) (?:more|here|now)\s*[:>»]*)\s*$",
    regex.I,
)
_NAME_WORD = r"(?:(?:\p{Lu}\.){2,}|\p{Lu}[\p{L}\p{M}\p{N}'\u2019&.-]*[\p{L}\p{N}]|\p{Lu})"
_LINK_WORD = r"(?:(?:de|del|della|di|da|van|von|der|bin|al|el|la|le|of|for) (?:(?:the|la|los|der) )?)"
_NAME = regex.compile(rf"{_NAME_WORD}(?: {_LINK_WORD}?{_NAME_WORD}){{0,5}}")
_POSSESSIVE = regex.compile(r"['\u2019]s?$")
# Words that open a sentence with a capital and name nobody, and those that lean on the sentence before.
_OPENERS = regex.compile(
    r"(?:the|a|an|when|now|then|in|on|at|as|if|after|before|with|for|from|while|what|who|why|how|where|one|today|meanwhile)\b",
    regex.I,
)
_LEANING = regex.compile(
    r"(?:he|she|it|they|we|i|you|this|that|these|those|his|her|their|its|there|but|and|or|so|because|here)"
    r"(?:['\u2019]\w+)?\b",
    regex.I,
)
_STATEMENT = regex.compile(r"\b(?:is|are|was|were|be|been|has|have|had|will|would|could|says?|said)\b", regex.I)
_CLOSING = "\"'\u201d\u2019)] "
_QUOTES = "\"'\u201c\u2018«„「"
_OPENING = f" ({_QUOTES}"
_NO_STATEMENT = ("?", "\uff1f", ":", "\uff1a")


def facts(sentences: Sequence[str], language: str) -> list[Fact]:
    """The sentences that state something: whole, long enough, neither a question nor a call to click."""
    found = []
    for sentence in sentences:
        text = _TRAILING_CALL.sub("", without_urls_and_emoji(sentence)).strip()
        if _states_something(text, language):
            found.append(Fact(text=text, sentence=sentence))
    return found


def _states_something(text: str, language: str) -> bool:
    if count_words(text) < _FEWEST_WORDS or not any(letter.isalpha() for letter in text):
        return False
    if is_cut_off(text) or text.rstrip(_CLOSING).endswith(_NO_STATEMENT):
        return False
    return language != "en" or not (is_call_to_action(text) or is_clickbait(text))


def stands_alone(text: str) -> bool:
    """It can be read without the sentence before it: no bare quotation or remnant, in English no pronoun first."""
    return not text.startswith((*_QUOTES, ".", "…", "-")) and _LEANING.match(text) is None


def entities(sentences: Sequence[str]) -> list[str]:
    """Names: runs of capitalised words, and abbreviations, in order of appearance.

    Where a sentence opens, a single capitalised word says nothing and is left out. A shouted sentence has no names
    that can be told apart, and German, which capitalises every noun, yields its nouns as well.
    """
    found: dict[str, None] = {}
    for sentence in sentences:
        plain = without_urls_and_emoji(sentence)
        if is_shouted(plain):
            continue
        for match in _NAME.finditer(plain):
            name = _POSSESSIVE.sub("", match.group())
            if not plain[: match.start()].strip(_OPENING):
                name = _without_opener(name)
            if len(name) > 1 and not _LEANING.fullmatch(name) and not _OPENERS.fullmatch(name):
                found.setdefault(name)
    return list(found)[:_MOST_ENTITIES]


def _without_opener(name: str) -> str:
    first, _, rest = name.partition(" ")
    if _OPENERS.fullmatch(first) or _LEANING.fullmatch(first):
        return rest
    return name if rest or first.isupper() else ""


def topics(sentences: Sequence[str], language: str, names: Sequence[str]) -> list[str]:
    """Key phrases of up to three words by YAKE, best first; only such as stand in the text as they are.

    A phrase that cuts a name short, or runs on from one, is replaced by the name.
    """
    import yake

    plain = [without_urls_and_emoji(sentence) for sentence in sentences]
    text = " ".join(f"{sentence}." if sentence[-1:].isalnum() else sentence for sentence in plain)
    known = language if language != UNDETERMINED else "en"
    extractor: Any = yake.KeywordExtractor(lan=known, n=3, top=24, dedup_lim=0.7)
    found: dict[str, str] = {}
    for phrase, _ in extractor.extract_keywords(text):
        if mentions(text, phrase) and not _STATEMENT.search(phrase):
            topic = _whole_name(_POSSESSIVE.sub("", phrase), names)
            if len(topic) >= _SHORTEST_TOPIC and topic[0].isalnum():
                found.setdefault(topic.casefold(), topic)
    return list(found.values())[:_MOST_TOPICS] or _longest_runs(text)


def _whole_name(phrase: str, names: Sequence[str]) -> str:
    for name in names:
        if " " in name and (f" {phrase} " in f" {name} " or f" {name} " in f" {phrase} "):
            return name
    return phrase


def _longest_runs(text: str) -> list[str]:
    """A stand-in where YAKE finds nothing, as in scripts without spaces: the longest unbroken runs of letters."""
    runs = dict.fromkeys(run[:12] for run in regex.findall(r"[\p{L}\p{M}\p{N}]+", text))
    return sorted(runs, key=lambda run: (-len(run), run))[:3]
