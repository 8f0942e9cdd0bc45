"""A template tried out before it is kept: it renders with what its output has, and keeps data inside fences."""

import re
from dataclasses import replace
from typing import Final

from pipeline.writing.base import Analysis, ArticleTask, Brief, BriefTask, Fact, Section, Source
from pipeline.writing.prompt import (
    Prompt,
    PromptTemplate,
    analysis_prompt,
    article_prompt,
    brief_prompt,
    repurpose_prompt,
    section_prompt,
)
from pipeline.writing.repurposing import LIMITS, PublishedArticle, RepurposeTask

_DATA: Final = "scraped-4711"
"""Stands in everything that comes from outside."""
_FENCED: Final = re.compile(r"----- data (\w+) begins -----\n.*?\n----- data \1 ends -----", re.DOTALL)

_SOURCE: Final = Source(f"{_DATA} text.", f"{_DATA} title", "https://example.com/scraped-4711", _DATA, "en")
_FACT: Final = Fact(text=f"{_DATA} fact", sentence=f"{_DATA} text.")
_INTRO: Final = Section(type="intro", word_count=100)
_SECTION: Final = Section(type="h2", title=f"{_DATA} heading", word_count=100)
_BRIEF: Final = Brief(
    topic=_DATA,
    target_keyword=_DATA,
    secondary_keywords=[],
    target_word_count=200,
    structure=[_INTRO, _SECTION],
    tone="calm",
)
_ANALYSIS: Final = Analysis(topics=[_DATA], facts=[_FACT], hook_strength=80, language="en", entities=[_DATA])
_ARTICLE: Final = ArticleTask(_SOURCE, _BRIEF, [_FACT], "Nature", voice="- tone: dry")
_RETOLD: Final = PublishedArticle(_DATA, f"# {_DATA}", _DATA, "https://example.com/scraped-4711")


def template_problems(template: PromptTemplate) -> list[str]:
    """Why a template can't be used, for the person who wrote it; nothing where it can."""
    from jinja2 import TemplateError

    try:
        prompts = _rendered(template)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line})" if line else ""
        return [f"It does not render{where}: {error.message or type(error).__name__}"]
    problems = []
    if any(_DATA in _FENCED.sub("", f"{prompt.system}\n\n{prompt.user}") for prompt in prompts):
        problems.append(
            "It shows data outside a fence, where a scraped text could pass for an instruction: write "
            "{{ fenced(source_text) }} rather than {{ source_text }}."
        )
    if not all(_FENCED.search(prompt.user) for prompt in prompts):
        problems.append("It gives the model nothing to write from: no fenced data in its user part.")
    return problems


def _rendered(template: PromptTemplate) -> list[Prompt]:
    """With and without what there is only sometimes: an editor's note, former texts, what is written so far."""
    again = replace(_ARTICLE, reviewer_note="Shorter.", former=f"# {_DATA}")
    match template.output_type:
        case "analysis":
            return [analysis_prompt(template, _SOURCE)]
        case "brief":
            task = BriefTask(_SOURCE, _ANALYSIS, "Nature", ["about-otters"], ["Kelp"])
            return [brief_prompt(template, task)]
        case "article":
            return [article_prompt(template, task) for task in (_ARTICLE, again)]
        case "section":
            parts = ((_INTRO, ""), (_SECTION, f"# {_DATA}"))
            return [section_prompt(template, again, section, written) for section, written in parts]
        case form:
            first = RepurposeTask(_RETOLD, form, LIMITS[form], "Nature", "en", voice="- tone: dry")
            returned = replace(first, reviewer_note="Shorter.", former=[_DATA], said=[_DATA])
            return [repurpose_prompt(template, task) for task in (first, returned)]
