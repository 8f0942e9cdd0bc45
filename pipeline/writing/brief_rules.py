"""What a brief by a model must keep to besides its schema, told so that the model can mend it."""

from pipeline.writing.article_rules import ADDRESS
from pipeline.writing.base import Brief
from pipeline.writing.text import words

MOST_WORDS = 6000
"""An article of half an hour's reading: a plan for more is a slip."""


def brief_problems(brief: Brief) -> list[str]:
    problems = []
    first, *others = brief.structure
    if first.type != "intro" or any(section.type == "intro" for section in others):
        problems.append("structure: the first section, and no other, is of type intro")
    titles = [" ".join(words((section.title or "").casefold())) for section in others]
    if len(set(titles)) < len(titles):
        problems.append("structure: no two sections have the same title")
    if brief.target_word_count > MOST_WORDS:
        problems.append(f"target_word_count: {brief.target_word_count} words, where {MOST_WORDS} are the most")
    texts = [brief.topic, brief.target_keyword, *brief.secondary_keywords, *(s.title or "" for s in brief.structure)]
    if any(ADDRESS.search(text) for text in texts):
        problems.append("topic, keywords and titles hold no address")
    return problems
