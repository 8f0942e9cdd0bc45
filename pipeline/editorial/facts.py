"""What an analysis may say of its source: a model can invent, and what it invents must not become a fact."""

from collections.abc import Sequence

from pipeline.editorial.grounding.figures import amounts_of, figures
from pipeline.editorial.grounding.names import Known, unknown_names
from pipeline.editorial.grounding.quotations import quotations, spoken, was_said
from pipeline.editorial.seo.language import Language, language_of
from pipeline.writing.base import Analysis, Fact, Source
from pipeline.writing.text import UNDETERMINED, detect_language

_WITHOUT_FACTS = 30
"""The most that a hook is worth where there is nothing to write about, as in the offline scoring."""
_ENGLISH = "en"


def only_what_the_source_says(analysis: Analysis, source: Source) -> Analysis:
    """The same analysis without what the source does not have.

    A fact whose sentence is not the source's is left out, and one that has a number, a name or a quotation more than
    its source is put in the words of its sentence. Entities that the source does not name are left out. What remains
    without a fact has no hook to speak of. The language is told by its ISO 639-1 code.
    """
    texts = [text for text in (source.title, source.text) if text]
    said = [spoken(text) for text in texts]
    code = _code(analysis.language, source)
    language = language_of(_ENGLISH if code == UNDETERMINED else code)
    facts = [
        fact if _says_no_more(fact, texts, said, language) else Fact(text=fact.sentence, sentence=fact.sentence)
        for fact in analysis.facts
        if was_said(fact.sentence, said)
    ]
    return analysis.model_copy(
        update={
            "facts": facts,
            "entities": [name for name in analysis.entities if any(spoken(name) in text for text in said)],
            "hook_strength": analysis.hook_strength if facts else min(analysis.hook_strength, _WITHOUT_FACTS),
            "language": code,
        }
    )


def _code(told: str, source: Source) -> str:
    """“en-GB” is “en”; “English” is found out anew."""
    code = told.replace("_", "-").partition("-")[0].strip().lower()
    return code if 2 <= len(code) <= 3 and code.isascii() else detect_language(source.text)  # noqa: PLR2004 - ISO 639


def _says_no_more(fact: Fact, texts: Sequence[str], said: Sequence[str], language: Language) -> bool:
    if fact.text in fact.sentence:
        return True
    known, in_words = Known(texts, language), language.code == _ENGLISH
    amounts = amounts_of(texts, in_words=in_words)
    if not all(figure.stands_in(amounts) for figure in figures(fact.text, in_words=in_words)):
        return False
    if not all(was_said(quotation.said, said) for quotation in quotations(fact.text)):
        return False
    return not in_words or not any(unknown_names(fact.text, known, language, ()))
