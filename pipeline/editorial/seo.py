"""SEO findings on an article, read from its parse tree. Each says where, and what to do about it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipeline.editorial import markdown as md
from pipeline.editorial.boundaries import contains
from pipeline.editorial.links import DISCLOSURE
from pipeline.store import posts
from pipeline.store.database import transaction
from pipeline.text.marks import links

if TYPE_CHECKING:
    from markdown_it.token import Token

Severity = Literal["good", "improvement", "blocking"]

META_TITLE_LIMIT = 60
META_DESCRIPTION_LIMIT = 155
FEWEST_INTERNAL_LINKS = 3
ACTOR = "seo"


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is the field, or the part of the text, that it is about."""

    check: str
    severity: Severity
    message: str
    what_to_do: str
    place: str


@dataclass(frozen=True, slots=True)
class SeoReport:
    """`score` is the share of checks that are good, in whole percent; 0 where anything blocks."""

    score: int
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "blocking")


@dataclass(frozen=True, slots=True)
class SeoInput:
    """`base_url` is where the vertical's pages live: links to it are internal."""

    title: str
    content: str
    meta_title: str | None = None
    meta_description: str | None = None
    target_keyword: str | None = None
    base_url: str | None = None


def analyse(post: SeoInput) -> SeoReport:
    """All findings, good ones too. Never raises, whatever the texts hold."""
    tokens = md.parse(post.content)
    findings = tuple(check(post, tokens) for check in _CHECKS)
    good = sum(finding.severity == "good" for finding in findings)
    blocked = any(finding.severity == "blocking" for finding in findings)
    return SeoReport(0 if blocked else round(100 * good / len(findings)), findings)


def check_post(engine: sa.Engine, canonical_id: str) -> SeoReport:
    """Check a post as it is now, and keep the report with the hash of what was checked.

    Raises:
        UnknownPostError: there is no such post.
    """
    with transaction(engine, ACTOR) as connection:
        post = posts.get_post(connection, canonical_id)
        report = analyse(
            SeoInput(
                title=post.title,
                content=post.content,
                meta_title=post.meta_title,
                meta_description=post.meta_description,
                target_keyword=post.target_keyword,
                base_url=post.base_url,
            )
        )
        findings = [asdict(finding) for finding in report.findings]
        posts.keep_seo_report(connection, post.id, post.content_hash, report.score, findings)
    return report


def _content(_: SeoInput, tokens: "Sequence[Token]") -> Finding:
    if md.text_of(tokens).strip():
        return Finding("content", "good", "There is text.", "", "content")
    return Finding("content", "blocking", "The article is empty.", "Write the article.", "content")


def _meta_title(post: SeoInput, _: "Sequence[Token]") -> Finding:
    return _length("meta title", post.meta_title, META_TITLE_LIMIT)


def _meta_description(post: SeoInput, _: "Sequence[Token]") -> Finding:
    return _length("meta description", post.meta_description, META_DESCRIPTION_LIMIT)


def _length(name: str, text: str | None, limit: int) -> Finding:
    check, length = f"{name} length", len((text or "").strip())
    if length == 0:
        return Finding(check, "improvement", f"There is no {name}.", f"Write one of at most {limit} characters.", name)
    if length > limit:
        message = f"The {name} has {length} characters; search results show {limit}."
        return Finding(check, "improvement", message, f"Shorten it by {length - limit}.", name)
    return Finding(check, "good", f"The {name} has {length} of {limit} characters.", "", name)


def _keyword_in_title(post: SeoInput, _: "Sequence[Token]") -> Finding:
    return _keyword_in("title", post.target_keyword, post.title)


def _keyword_in_first_paragraph(post: SeoInput, tokens: "Sequence[Token]") -> Finding:
    return _keyword_in("first paragraph", post.target_keyword, _first_paragraph(tokens))


def _keyword_in(place: str, keyword: str | None, text: str) -> Finding:
    check = f"keyword in {place}"
    if not (keyword or "").strip():
        return Finding(check, "improvement", "There is no target keyword.", "Set one.", "target keyword")
    if contains(text, keyword or ""):
        return Finding(check, "good", f"The {place} has the keyword “{keyword}”.", "", place)
    message = f"The {place} does not have the keyword “{keyword}”."
    return Finding(check, "improvement", message, "Work it in where it reads naturally.", place)


def _first_paragraph(tokens: "Sequence[Token]") -> str:
    """The first that says something; the disclosure and a lone picture don't."""
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and token.content != DISCLOSURE:
            text = md.inline_text(token)
            if text.strip():
                return text
    return ""


def _internal_links(post: SeoInput, tokens: "Sequence[Token]") -> Finding:
    count = len({link.attrs.get("href") for link in links(tokens) if _is_internal(link, post.base_url)})
    if count >= FEWEST_INTERNAL_LINKS:
        return Finding("internal links", "good", f"{count} internal links.", "", "content")
    message = f"{count} internal links of at least {FEWEST_INTERNAL_LINKS}."
    return Finding("internal links", "improvement", message, "Link to our own articles on the subject.", "content")


def _is_internal(link: "Token", base_url: str | None) -> bool:
    href = str(link.attrs.get("href") or "")
    if base_url and (href == base_url or href.startswith(f"{base_url}/")):
        return True
    try:
        address = urlsplit(href)
    except ValueError:
        return False
    return not address.scheme and not address.netloc and bool(address.path)


def _single_h1(_: SeoInput, tokens: "Sequence[Token]") -> Finding:
    count = sum(token.type == "heading_open" and token.tag == "h1" for token in tokens)
    if count == 1:
        return Finding("single level-1 heading", "good", "One level-1 heading.", "", "content")
    message = f"{count} level-1 headings instead of one."
    advice = "Open the article with its title as a level-1 heading." if count == 0 else "Make the others level 2."
    return Finding("single level-1 heading", "improvement", message, advice, "content")


_CHECKS: "tuple[Callable[[SeoInput, Sequence[Token]], Finding], ...]" = (
    _content,
    _single_h1,
    _meta_title,
    _meta_description,
    _keyword_in_title,
    _keyword_in_first_paragraph,
    _internal_links,
)
