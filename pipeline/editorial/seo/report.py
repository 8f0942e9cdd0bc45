"""All checks of one article, and what they come to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.editorial.findings import Finding
from pipeline.editorial.seo import keyphrase_use, links, pictures, readability, structure, titles
from pipeline.editorial.seo.document import Document, SeoInput, prepare
from pipeline.editorial.seo.keyphrase import keyphrase_of

GROUPS: Final = ("keyphrase", "titles and descriptions", "structure", "links", "pictures", "readability")
OTHER: Final = "other"

_GROUP_OF: Final = {
    "title": "titles and descriptions",
    "title width": "titles and descriptions",
    "meta title length": "titles and descriptions",  # in reports written before titles were measured in pixels
    "meta description length": "titles and descriptions",
    "content": "structure",
    "text length": "structure",
    "single level-1 heading": "structure",
    "heading order": "structure",
    "form": "structure",
    "repetition": "structure",
    "internal links": "links",
    "outbound links": "links",
    "links to itself": "links",
    "competing links": "links",
    "picture": "pictures",
    "alternative texts": "pictures",
    "keyphrase in alternative texts": "pictures",
    "paragraph length": "readability",
    "subheading distribution": "readability",
    "sentence length": "readability",
    "sentence openings": "readability",
    "passive voice": "readability",
    "transition words": "readability",
    readability.READING_EASE: "readability",
    readability.RULES: "readability",
}
_FOR_INFORMATION = frozenset({readability.READING_EASE, readability.RULES})


@dataclass(frozen=True, slots=True)
class SeoReport:
    """`score` is the share of checks that are good, in whole percent; 0 where anything blocks."""

    score: int
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "blocking")


def analyse(post: SeoInput) -> SeoReport:
    """All findings, good ones too, group by group. Never raises, whatever the texts hold."""
    return report_of(tuple(_checks(prepare(post))))


def report_of(findings: tuple[Finding, ...]) -> SeoReport:
    """The findings with their score."""
    judged = [finding.severity for finding in findings if finding.check not in _FOR_INFORMATION]
    if "blocking" in judged:
        return SeoReport(0, findings)
    return SeoReport(round(100 * judged.count("good") / len(judged)) if judged else 100, findings)


def group_of(check: str) -> str:
    """Which of `GROUPS` a finding's check belongs to, in reports of any age; `OTHER` where it is none of ours."""
    if check in _GROUP_OF:
        return _GROUP_OF[check]
    return "keyphrase" if check.startswith(("keyphrase", "keyword")) else OTHER


def _checks(document: Document) -> Iterator[Finding]:
    keyphrase = keyphrase_of(document)
    yield from keyphrase_use.check(document, keyphrase)
    yield from titles.check(document)
    yield from structure.check(document)
    yield from links.check(document, keyphrase)
    yield from pictures.check(document, keyphrase)
    yield from readability.check(document)
