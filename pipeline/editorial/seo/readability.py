"""How easily the article reads. Thresholds: see the package."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Final

from pipeline.editorial.findings import Finding, good, improvement
from pipeline.editorial.seo.document import Document, Passage, Sentence
from pipeline.editorial.seo.language import Reading
from pipeline.editorial.seo.passive import is_passive

LONG_SENTENCE, MOST_LONG_SENTENCES = 20, 0.25
LONG_PARAGRAPH, TOO_LONG_PARAGRAPH = 150, 200
LONG_SECTION = 300
MOST_SAME_OPENINGS = 2
MOST_PASSIVE = 0.10
FEWEST_TRANSITIONS, LONG_TEXT = 0.30, 200
READING_EASE: Final = "reading ease"
RULES: Final = "readability"

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^aeiouyl]e|[^aeiouydt]ed|[^aeiouycgsxz]es)$")
_EASE = ((80, "easy"), (60, "plain English"), (30, "fairly difficult"), (0, "very difficult"))


def check(document: Document) -> Iterator[Finding]:
    """What holds in any language, then, by the language's own rules, the rest; or that there are none yet."""
    said = list(document.prose())
    if not said:
        return
    yield _paragraphs(document)
    yield _sections(document)
    reading = document.language.reading
    if reading is None:
        message = f"Readability: no rules for {document.language.name} yet; judge it by reading."
        yield good(RULES, message, "content")
        return
    yield _sentence_length(said)
    yield _openings(document, reading)
    yield _passive(said, reading)
    if document.word_count > LONG_TEXT:
        yield _transitions(said, reading)
    yield _reading_ease(said)


def _paragraphs(document: Document) -> Finding:
    name, most = "paragraph length", document.at_least(LONG_PARAGRAPH)
    long = [passage for passage in document.passages if passage.is_prose and passage.word_count > most]
    if not long:
        return good(name, f"No paragraph is longer than {most} words.", "content")
    longest = max(long, key=lambda passage: passage.word_count)
    message = f"{len(long)} paragraphs are longer than {most} words, the longest has {longest.word_count}."
    far = "Far too long: divide it." if longest.word_count > document.at_least(TOO_LONG_PARAGRAPH) else "Divide it."
    return improvement(name, message, far, longest.place)


def _sections(document: Document) -> Finding:
    """The text before the first subheading, and after each one."""
    name, most = "subheading distribution", document.at_least(LONG_SECTION)
    starts = [at + 1 for at, heading in enumerate(document.headings) if heading.level > 1]
    counts = dict.fromkeys([0, *starts], 0)
    current = 0
    for passage in document.passages:
        while starts and starts[0] <= passage.section:
            current = starts.pop(0)
        counts[current] += passage.word_count
    start, longest = max(counts.items(), key=lambda item: item[1])
    if longest <= most:
        return good(name, f"No part is longer than {most} words without a subheading.", "content")
    long = sum(count > most for count in counts.values())
    place = document.headings[start - 1].place if start else "before the first subheading"
    message = f"{long} parts are longer than {most} words without a subheading, the longest has {longest}."
    return improvement(name, message, "Divide it by subheadings.", place)


def _sentence_length(said: Sequence[tuple[Passage, Sentence]]) -> Finding:
    name = "sentence length"
    long = [(passage, sentence) for passage, sentence in said if len(sentence.words) > LONG_SENTENCE]
    share = len(long) / len(said)
    message = f"{share:.0%} of the sentences have more than {LONG_SENTENCE} words; {MOST_LONG_SENTENCES:.0%} may."
    if share <= MOST_LONG_SENTENCES:
        return good(name, message, "content")
    passage, sentence = max(long, key=lambda pair: len(pair[1].words))
    return improvement(name, message, "Divide the longest, beginning with this one.", passage.place_of(sentence))


def _openings(document: Document, reading: Reading) -> Finding:
    """Runs in paragraphs: a list may well repeat itself. A heading ends a run."""
    name = "sentence openings"

    def opening(said: tuple[Passage, Sentence]) -> tuple[str, int, Sequence[str]]:
        passage, sentence = said
        return passage.kind, passage.section, _opening(sentence.words, reading)

    runs = (list(run) for (kind, *_), run in groupby(document.sentences(), opening) if kind == "paragraph")
    longest = max(runs, key=len, default=[])
    if len(longest) <= MOST_SAME_OPENINGS:
        return good(name, "No three sentences in a row begin alike.", "content")
    passage, sentence = longest[0]
    message = f"{len(longest)} sentences in a row begin with “{sentence.text.split()[0]}”."
    return improvement(name, message, "Vary how they begin.", passage.place_of(sentence))


def _opening(words: Sequence[str], reading: Reading) -> Sequence[str]:
    """The first word; with the one after it where the first says little."""
    return tuple(words[: 2 if words[0] in reading.weak_openings else 1])


def _passive(said: Sequence[tuple[Passage, Sentence]], reading: Reading) -> Finding:
    name = "passive voice"
    passive = [(passage, sentence) for passage, sentence in said if is_passive(sentence.words, reading)]
    share = len(passive) / len(said)
    message = f"{share:.0%} of the sentences are in the passive voice; {MOST_PASSIVE:.0%} may."
    if share <= MOST_PASSIVE:
        return good(name, message, "content")
    passage, sentence = passive[0]
    return improvement(name, message, "Say who does it, beginning with this one.", passage.place_of(sentence))


def _transitions(said: Sequence[tuple[Passage, Sentence]], reading: Reading) -> Finding:
    name = "transition words"
    without = [(passage, sentence) for passage, sentence in said if not has_transition(sentence.words, reading)]
    share = 1 - len(without) / len(said)
    message = f"{share:.0%} of the sentences have a transition word; {FEWEST_TRANSITIONS:.0%} should."
    if share >= FEWEST_TRANSITIONS:
        return good(name, message, "content")
    passage, sentence = without[0]
    advice = "Say how they hang together (because, however, for example), beginning with this one."
    return improvement(name, message, advice, passage.place_of(sentence))


def has_transition(words: Sequence[str], reading: Reading) -> bool:
    if not reading.transitions.isdisjoint(words):
        return True
    if reading.transition_phrases.keys().isdisjoint(words):
        return False
    return any(
        list(words[at + 1 : at + 1 + len(rest)]) == rest
        for at, word in enumerate(words)
        for rest in reading.transition_phrases.get(word, ())
    )


def _reading_ease(said: Sequence[tuple[Passage, Sentence]]) -> Finding:
    """Flesch's, for information: it judges words by their length only."""
    counts = Counter(chain.from_iterable(sentence.words for _, sentence in said))
    words, syllables = counts.total(), sum(_syllables(word) * count for word, count in counts.items())
    ease = max(0.0, min(100.0, 206.835 - 1.015 * words / len(said) - 84.6 * syllables / words))
    told = next(name for least, name in _EASE if ease >= least)
    return good(READING_EASE, f"Flesch reading ease {ease:.0f} of 100: {told}.", "content")


@lru_cache(maxsize=20_000)
def _syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end; at least one."""
    return max(1, len(_VOWELS.findall(word)) - (_SILENT.search(word) is not None))
