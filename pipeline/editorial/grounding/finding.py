"""The four checks of an article against its sources. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from urllib.parse import urlsplit

import regex  # type: ignore[import-untyped]

from pipeline.editorial.findings import Finding, blocking, good, improvement
from pipeline.editorial.grounding.article import Reading, counts_of, readings
from pipeline.editorial.grounding.copying import LONGEST_RUN, MOST_SHARED, Originals, Words
from pipeline.editorial.grounding.figures import amounts_of, figures
from pipeline.editorial.grounding.names import Known, lower_case_words, unknown_names
from pipeline.editorial.grounding.quotations import spoken, was_said
from pipeline.editorial.seo.language import Language, language_of
from pipeline.writing.base import Fact, Source
from pipeline.writing.text import UNDETERMINED, clip, detect_language

_SHOWN = 80
_ENUMERATION = regex.compile(r"^\s*\d+[.):]\s")
_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_IN_ENGLISH = "en"


def findings(
    article_markdown: str,
    sources: Sequence[Source],
    facts: Sequence[Fact],
    *,
    extractive: bool = False,
    may_copy: bool = False,
) -> list[Finding]:
    """What was copied, and which numbers, quotations and names neither the sources nor the facts have. Never raises.

    Names and numbers in words are judged in English; of another language it is said that they are not.

    Args:
        article_markdown: of it, addresses, blocks of code and notes in emphasis (disclosure, credit) don't count.
        sources: all that the article was made from.
        facts: what was taken out of them; a fact's text counts like a source.
        extractive: the article says of itself that it is assembled from its source's sentences.
        may_copy: the source is ours.

    Returns:
        At least one finding for each check, a good one where there is nothing to object to.
    """
    language = _language(article_markdown, sources)
    parts = readings(article_markdown, language.code)
    texts = _texts(sources, facts)
    found = [] if may_copy else list(_copied(parts, sources, extractive=extractive))
    found += _numbers(parts, [*texts, *_years(sources)], language, counts_of(article_markdown, language.code))
    found += _quotations(parts, texts)
    found += _names(parts, [*texts, *filter(None, (source.publisher for source in sources))], language)
    return found


def _texts(sources: Sequence[Source], facts: Sequence[Fact]) -> list[str]:
    given = [text for source in sources for text in (source.title, source.text) if text]
    return given + [text for fact in facts for text in (fact.text, fact.sentence)]


def _years(sources: Sequence[Source]) -> list[str]:
    """A publisher's address tells the year more often than the text does."""
    return [year for source in sources for year in _YEAR.findall(urlsplit(source.url or "").path)]


def _language(markdown: str, sources: Sequence[Source]) -> Language:
    code = next((source.language for source in sources if source.language), None) or detect_language(markdown)
    return language_of(_IN_ENGLISH if code == UNDETERMINED else code)


def _copied(parts: Sequence[Reading], sources: Sequence[Source], *, extractive: bool) -> Iterator[Finding]:
    originals = Originals(spoken(text).split() for source in sources for text in (source.title, source.text) if text)
    prose = [(part, spoken(part.own).split()) for part in parts if part.kind not in {"heading", "quotation"}]
    share = originals.share(words for _, words in prose)
    runs = [(part, words, run) for part, words in prose for run in originals.runs(words)]
    if not runs and share <= MOST_SHARED:
        yield good("copying", f"No run of more than {LONGEST_RUN} words is a source's.", "content")
        return
    if extractive:
        message = f"The text is assembled from its source's own sentences: {share:.0%} of it stands there so."
        advice = "Publish it where the source allows that, or have it written anew: pressroom review edit POST"
        yield improvement("copying", message, advice, "content")
        return
    for part, words, run in runs:
        copied = clip(" ".join(words[run.start : run.end]), _SHOWN)
        message = f"{run.end - run.start} words in a row are a source's: “{copied}”"
        advice = "Say it in words of our own, or mark it as a quotation and say whose it is."
        yield blocking("copying", message, advice, part.place_at(_offset(part, words, run.start)))
    if not runs:
        message = f"{share:.0%} of the text's turns of phrase are a source's; independent reports share less than 30%."
        yield blocking("copying", message, "Write it anew, from the facts and not along the source.", "content")


def _offset(part: Reading, words: Words, start: int) -> int:
    """Where the word of that number stands in the passage: counted in its text, for the place's sake."""
    at = 0
    lowered = part.own.replace(chr(0x2019), chr(39)).casefold()
    for word in words[: start + 1]:
        at = max(lowered.find(word, at), at)
    return min(at, len(part.own))


def _numbers(parts: Sequence[Reading], texts: Sequence[str], language: Language, counts: set[int]) -> Iterator[Finding]:
    in_words = language.code == _IN_ENGLISH
    known = amounts_of(texts, in_words=in_words)
    counted = frozenset((count, None) for count in map(Decimal, counts))
    looked_at, problems = 0, []
    for part in parts:
        own = _ENUMERATION.sub(lambda match: " " * len(match.group()), part.own)
        for figure in figures(own, in_words=in_words):
            looked_at += 1
            if not figure.stands_in(known | counted if part.kind == "heading" else known):
                message = f"No source has the number “{figure.text}”."
                advice = "Look it up, correct it or leave it out."
                problems.append(improvement("numbers", message, advice, part.place_at(figure.start)))
    yield from problems or [good("numbers", f"Every number stands in a source ({looked_at}).", "content")]
    if not in_words:
        message = f"Numbers in words were not compared: there are no rules for {language.name} yet."
        yield improvement("numbers in words", message, "Compare them with the sources yourself.", "content")


def _quotations(parts: Sequence[Reading], texts: Sequence[str]) -> Iterator[Finding]:
    said = [spoken(text) for text in texts]
    looked_at, problems = 0, []
    for part in parts:
        quoted = [(part.text, 0)] if part.kind == "quotation" else [(each.said, each.start) for each in part.quotations]
        for words, start in quoted:
            looked_at += 1
            if not was_said(words, said):
                message = f"No source has these words: “{clip(words, _SHOWN)}”"
                advice = "Quote what was said, word for word, or say it without quotation marks."
                problems.append(improvement("quotations", message, advice, part.place_at(start)))
    yield from problems or [good("quotations", f"Every quotation stands in a source ({looked_at}).", "content")]


def _names(parts: Sequence[Reading], texts: Sequence[str], language: Language) -> Iterator[Finding]:
    if language.code != _IN_ENGLISH:
        message = f"Names were not compared: there are no rules for {language.name} yet."
        yield improvement("names", message, "Compare them with the sources yourself.", "content")
        return
    known = Known(texts, language)
    lower_case = {word for part in parts for word in lower_case_words(part.own)}
    problems = []
    for part in parts:
        # What is quoted was compared word for word.
        own = "" if part.kind == "quotation" else part.own
        is_prose = part.kind == "paragraph"
        for name in unknown_names(own, known, language, lower_case, may_be_a_title=not is_prose):
            lacking = ", ".join(f"“{word}”" for word in name.unknown)
            message = f"No source has the name “{name.text}”" + ("." if name.text in name.unknown else f": {lacking}.")
            advice = "Look it up, correct it or leave it out."
            problems.append(improvement("names", message, advice, part.place_at(name.start)))
    yield from problems or [good("names", "Every name stands in a source.", "content")]
