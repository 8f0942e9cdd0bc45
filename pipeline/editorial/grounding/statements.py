"""Which of an article's sentences rest on which facts, by the words they share. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.editorial.seo.document import SeoInput, prepare, words
from pipeline.editorial.seo.language import Language, language_of
from pipeline.writing.base import Fact

_SHARE: Final = 0.5
_FEWEST: Final = 2
_MOST_FACTS: Final = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the article. `rests_on` is empty where no fact says anything like it."""

    place: str
    sentence: str
    rests_on: tuple[Fact, ...]


def statements(markdown: str, facts: Sequence[Fact], language: str) -> list[Statement]:
    """Each sentence of the running text with the facts that have half of its words of meaning, and at least two, the
    fittest first. A sentence with fewer than two such words says nothing that could rest on anything.
    """
    document = prepare(SeoInput(title=None, content=markdown, language=language))
    rules = language_of(language)
    meanings = [(fact, _meaning(words(f"{fact.text} {fact.sentence}"), rules)) for fact in facts]
    found = []
    for passage, sentence in document.sentences():
        own = _meaning(sentence.words, rules)
        if len(own) >= _FEWEST:
            shared = sorted(((len(own & meaning), fact) for fact, meaning in meanings), key=lambda pair: -pair[0])
            rests_on = tuple(fact for count, fact in shared if count >= max(_FEWEST, _SHARE * len(own)))[:_MOST_FACTS]
            found.append(Statement(passage.place_of(sentence), sentence.text, rests_on))
    return found


def _meaning(text: Sequence[str], language: Language) -> frozenset[str]:
    """The stems of the words that mean something of their own."""
    return frozenset(language.stems([word for word in text if word not in language.function_words]))
