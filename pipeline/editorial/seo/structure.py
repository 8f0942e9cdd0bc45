"""Text and headings."""

from collections.abc import Iterator
from itertools import pairwise

from pipeline.editorial.findings import Finding, blocking, good, improvement
from pipeline.editorial.seo.document import Document

FEWEST_WORDS = 300


def check(document: Document) -> Iterator[Finding]:
    if not document.has_text:
        yield blocking("content", "The article is empty.", "Write the article.", "content")
    else:
        yield good("content", "There is text.", "content")
        yield _length(document)
    yield _single_h1(document)
    if document.headings:
        yield _order(document)


def _length(document: Document) -> Finding:
    name, fewest = "text length", document.at_least(FEWEST_WORDS)
    unit = "words" if document.language.has_spaces else "characters"
    message = f"The text has {document.word_count} {unit}; search engines favour {fewest} and more."
    if document.word_count < fewest:
        return improvement(name, message, "Say more, where there is more to say.", "content")
    return good(name, message, "content")


def _single_h1(document: Document) -> Finding:
    name, found = "single level-1 heading", [heading for heading in document.headings if heading.level == 1]
    if len(found) == 1:
        return good(name, "One level-1 heading.", found[0].place)
    message = f"{len(found)} level-1 headings instead of one."
    if not found:
        return improvement(name, message, "Open the article with its title as a level-1 heading.", "content")
    return improvement(name, message, "Make the others level 2.", found[1].place)


def _order(document: Document) -> Finding:
    """No level is left out on the way down, and none is empty: screen readers go by them."""
    name = "heading order"
    for heading in document.headings:
        if not heading.words:
            return improvement(name, "A heading is empty.", "Give it a text, or take it out.", heading.place)
    for before, heading in pairwise(document.headings):
        if heading.level > before.level + 1:
            message = f"A level-{heading.level} heading follows one of level {before.level}."
            return improvement(name, message, f"Make it level {before.level + 1}.", heading.place)
    return good(name, "The headings go down level by level.", "content")
