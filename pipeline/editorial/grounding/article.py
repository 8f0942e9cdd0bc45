"""An article as its checks read it: passages with their places, quotations apart. Notes of ours are no claims."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from pipeline.editorial.grounding.quotations import Quotation, quotations, without
from pipeline.editorial.seo.document import Document, Heading, Passage, SeoInput, first_words, prepare


@dataclass(frozen=True, slots=True)
class Reading:
    """One heading or passage. `own` is its text with quotations blanked out, each character in its place."""

    kind: str
    text: str
    own: str
    quotations: tuple[Quotation, ...]
    places: tuple[tuple[int, str], ...]
    """Where each sentence begins, and how a person finds it."""

    def place_at(self, offset: int) -> str:
        return self.places[bisect_right(self.places, offset, key=lambda pair: pair[0]) - 1][1]


def readings(markdown: str, language: str) -> list[Reading]:
    """Headings and passages. Addresses, code, raw HTML, and notes in emphasis are left out."""
    document = prepare(SeoInput(title=None, content=markdown, language=language))
    return [*map(_of_heading, document.headings), *map(_of_passage, document.passages)]


def counts_of(markdown: str, language: str) -> set[int]:
    """How many headings and list items there are: what a heading such as “Five reasons” counts."""
    document = prepare(SeoInput(title=None, content=markdown, language=language))
    return set(_counts(document))


def _counts(document: Document) -> Iterator[int]:
    for level in (2, 3):
        yield sum(heading.level == level for heading in document.headings)
    for section in {passage.section for passage in document.passages}:
        yield sum(passage.kind == "list item" and passage.section == section for passage in document.passages)


def _of_heading(heading: Heading) -> Reading:
    found = quotations(heading.text)
    return Reading(
        "heading", heading.text, without(heading.text, found), tuple(found), ((0, f"heading, {heading.place}"),)
    )


def _of_passage(passage: Passage) -> Reading:
    texts = [sentence.text for sentence in passage.sentences]
    starts = accumulate((len(text) + 1 for text in texts[:-1]), initial=0)
    places = tuple(
        (start, f"{passage.kind} {passage.number}: {first_words(text)}")
        for start, text in zip(starts, texts, strict=True)
    )
    text = " ".join(texts)
    found = [] if passage.kind == "quotation" else quotations(text)
    return Reading(passage.kind, text, without(text, found), tuple(found), places)
