"""The writer without a model: extractive, deterministic, free, and honest about what it is.

An article of its is the source's own informative sentences, grouped by theme, with a credit and a note that says how it
was made. It never invents a sentence and never pads: a short source makes a short article.
"""

import string
from collections.abc import Sequence
from urllib.parse import urlsplit

from pipeline.writing import extract
from pipeline.writing.base import (
    Analysis,
    Article,
    ArticleTask,
    Brief,
    BriefTask,
    Fact,
    Section,
    Source,
    WriterError,
    Written,
)
from pipeline.writing.calls import CallBook
from pipeline.writing.hook import hook_strength, is_clickbait
from pipeline.writing.repurposing import Repurposed, RepurposeTask
from pipeline.writing.retelling import repurpose_offline
from pipeline.writing.text import (
    clip,
    count_words,
    detect_language,
    escape_markdown,
    is_shouted,
    markdown_url,
    mentions,
    sentences,
    squeeze,
    words,
)

MODEL = "offline-extractive-1"
NOTE = "*This text was assembled automatically from sentences of its source, without a language model.*"

TITLE_LIMIT = 90
META_TITLE_LIMIT = 60
META_DESCRIPTION_LIMIT = 156
EXCERPT_LIMIT = 240

_MOST_SECTIONS = 6
_FEWEST_FACTS_A_SECTION = 2
_FEWEST_FACTS_FOR_A_SECTION = 3
_SHORT_SOURCE = 4


class OfflineWriter:
    """Answers every task from what it is given alone, and calls nobody: its book stays empty."""

    model = MODEL

    def analyse(self, source: Source, _: CallBook, /) -> Written[Analysis]:
        text = source.text if source.text.strip() else source.title or ""
        language = source.language or detect_language(f"{source.title or ''} {source.text}")
        found = sentences(text, language)
        facts = extract.facts(found, language)
        told = facts if any(extract.stands_alone(fact.text) for fact in facts) else []
        entities = extract.entities(found)
        analysis = Analysis(
            topics=extract.topics([squeeze(source.title or ""), *found], language, entities),
            facts=facts,
            hook_strength=hook_strength(found, facts=len(told), entities=len(entities), language=language),
            language=language,
            entities=entities,
        )
        return Written(analysis, MODEL)

    def write_brief(self, task: BriefTask, _: CallBook, /) -> Written[Brief]:
        """Raises WriterError where the source states nothing."""
        facts = task.analysis.facts
        if not facts:
            raise _nothing_to_say()
        keyword = _target_keyword(task.analysis.topics, _title(task.source, facts), _lead(facts).text)
        themes = [topic for topic in task.analysis.topics if topic != keyword][:_MOST_SECTIONS]
        fewest = 1 if len(facts) <= _SHORT_SOURCE else _FEWEST_FACTS_A_SECTION
        intro, sections = _group(facts, themes, fewest)
        if not sections and len(facts) >= _FEWEST_FACTS_FOR_A_SECTION:
            # The topics of so short a text are all the lead's; what follows it has its own.
            intro, sections = _group(facts, _topics_after_the_lead(task.analysis)[:1], fewest)
        structure = [Section(type="intro", word_count=_length(intro))]
        structure += [Section(type="h2", title=_capitalised(theme), word_count=_length(own)) for theme, own in sections]
        brief = Brief(
            topic=_title(task.source, facts),
            target_keyword=keyword.lower(),
            secondary_keywords=[theme.lower() for theme in themes],
            target_word_count=sum(section.word_count for section in structure),
            structure=structure,
            tone="factual, in the source's own words",
            affiliate_opportunities=[product for product in task.products if mentions(task.source.text, product)],
            internal_links=list(task.internal_slugs)[:3],
        )
        return Written(brief, MODEL)

    def write_article(self, task: ArticleTask, _: CallBook, /) -> Written[Article]:
        """Raises WriterError where there is no fact to write down."""
        if not task.facts:
            raise _nothing_to_say()
        themes = [section.title for section in task.brief.structure if section.title]
        intro, sections = _group(task.facts, themes, fewest=1)
        title = _title(task.source, task.facts)
        blocks = [f"# {escape_markdown(title)}", escape_markdown(_prose(intro))]
        for theme, own in sections:
            blocks += [f"## {escape_markdown(_capitalised(theme))}", escape_markdown(_prose(own))]
        blocks += [_credit(task.source), NOTE]
        article = Article(
            title=title,
            meta_title=clip(title, META_TITLE_LIMIT),
            meta_description=clip(_prose(intro), META_DESCRIPTION_LIMIT),
            excerpt=clip(_prose(intro), EXCERPT_LIMIT),
            content="\n\n".join(blocks) + "\n",
        )
        return Written(article, MODEL)

    def repurpose(self, task: RepurposeTask, _: CallBook, /) -> Written[Repurposed]:
        """Raises WriterError where the article has too few sentences for the form."""
        return Written(repurpose_offline(task), MODEL)


def _nothing_to_say() -> WriterError:
    return WriterError("the source holds no informative sentence to write from", retryable=False)


def _lead(facts: Sequence[Fact]) -> Fact:
    """The first that can be read on its own."""
    return next((fact for fact in facts if extract.stands_alone(fact.text)), facts[0])


def _group(
    facts: Sequence[Fact], themes: Sequence[str], fewest: int
) -> tuple[list[Fact], list[tuple[str, list[Fact]]]]:
    """The introduction's facts, and a section's facts for each theme that has at least `fewest`.

    The introduction opens with the lead. A fact on none of the themes stays with the fact before it.
    """
    lead = _lead(facts)
    while True:
        intro, sections = [lead], {theme: list[Fact]() for theme in themes}
        current = intro
        for fact in facts:
            if fact is lead:
                current = intro
                continue
            theme = _theme_of(fact, themes)
            current = current if theme is None else sections[theme]
            current.append(fact)
        kept = [theme for theme in themes if len(sections[theme]) >= fewest]
        if len(kept) == len(themes):
            return intro, list(sections.items())
        themes = kept


def _topics_after_the_lead(analysis: Analysis) -> list[str]:
    lead = _lead(analysis.facts)
    rest = [fact.text for fact in analysis.facts if fact is not lead]
    return extract.topics(rest, analysis.language, analysis.entities)


def _theme_of(fact: Fact, themes: Sequence[str]) -> str | None:
    """The theme that shares the most words with the fact, and at least half of its own."""
    stated = set(words(fact.text.casefold()))
    best, most = None, 0
    for theme in themes:
        own = set(words(theme.casefold()))
        shared = len(own & stated)
        if shared > most and shared * 2 >= len(own):
            best, most = theme, shared
    return best


def _target_keyword(topics: Sequence[str], title: str, lead: str) -> str:
    """The best topic that the title and the lead both have, phrases and names first; else one that either has."""
    phrases = sorted(topics, key=lambda topic: (" " not in topic, not topic[0].isupper()))
    for texts in ((title, lead), (lead,), (title,)):
        for phrase in phrases:
            if all(mentions(text, phrase) for text in texts):
                return phrase
    return max(words(lead), key=len, default=lead)


def _title(source: Source, facts: Sequence[Fact]) -> str:
    """The source's own title, unless it is bait; else the lead. Without label, exclamation or shouting."""
    title = squeeze(source.title or "")
    if not title or is_clickbait(title):
        title = _lead(facts).text
    label, colon, rest = title.partition(": ")
    if colon and label.isupper() and rest:
        title = rest
    if is_shouted(title):
        title = string.capwords(title)
    if title.count('"') == 1:
        title = title.replace('"', "")
    return clip(_capitalised(title.replace("!", ".").rstrip(". ") or title), TITLE_LIMIT)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _length(facts: Sequence[Fact]) -> int:
    return sum(count_words(fact.text) for fact in facts)


def _prose(facts: Sequence[Fact]) -> str:
    return " ".join(fact.text if not fact.text[-1].isalnum() else f"{fact.text}." for fact in facts)


def _credit(source: Source) -> str:
    url = source.url if source.url and source.url.startswith(("http://", "https://")) else None
    name = escape_markdown(source.publisher or (urlsplit(url).hostname if url else None) or "not named")
    return f"*Source: [{name}]({markdown_url(url)})*" if url else f"*Source: {name}*"
