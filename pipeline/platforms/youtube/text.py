"""A video's title, description and tags, as YouTube takes and counts them. Pure.

https://developers.google.com/youtube/v3/docs/videos#properties
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean, one_line, plain

MAX_TITLE: Final = 100
MAX_DESCRIPTION_BYTES: Final = 5000
MAX_TAGS: Final = 500
_MAX_HASHTAGS: Final = 3
"""YouTube shows so many above the title."""
_NAMES: Final = {"title": "title", "body": "description", "tags": "list of tags"}
_HARMLESS: Final = str.maketrans("<>", "‹›")  # noqa: RUF001 - YouTube refuses the plain ones


def title(article: AdaptableArticle, limit: int | None) -> str:
    whole = one_line(article.title).translate(_HARMLESS)
    return fit(whole, min(limit or MAX_TITLE, MAX_TITLE))


def description(article: AdaptableArticle, limit: int | None) -> str:
    """What is to be disclosed, what the article is about, where it is, and up to three hashtags; `limit` in bytes."""
    limit = min(limit or MAX_DESCRIPTION_BYTES, MAX_DESCRIPTION_BYTES)
    disclosure = plain(article.disclosure) if article.disclosure else ""
    hashtags = " ".join(adaptation.hashtags(article.keywords, _MAX_HASHTAGS))

    def said(about: str) -> str:
        parts = (disclosure, about, article.link, hashtags)
        return clean("\n\n".join(part for part in parts if part)).translate(_HARMLESS)

    return said(fit(adaptation.teaser(article), limit, lambda about: size(said(about))))


def tags(article: AdaptableArticle) -> list[str]:
    """As many keywords as there is room for beside the mark."""
    kept: list[str] = []
    for tag in adaptation.names([keyword.translate(_HARMLESS) for keyword in article.keywords], adaptation.MAX_TAGS):
        if "," not in tag and tags_length([*kept, tag, mark("0" * 12)]) <= MAX_TAGS:
            kept.append(tag)
    return kept


def mark(distribution_id: str) -> str:
    """The tag by which a video is known as a distribution's."""
    return f"pressroom-{distribution_id.replace('-', '')[:12]}"


def marked_tags(content: Content) -> list[str]:
    return [*_tags(content), mark(content.distribution_id)]


def size(text: str) -> int:
    return len(text.encode())


def tags_length(tags: Sequence[str]) -> int:
    """With the commas between them, and quotation marks around each that holds a blank."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def measure(content: Content) -> list[Measure]:
    return [
        Measure("title", len(content.title or ""), MAX_TITLE),
        Measure("body", size(content.body), MAX_DESCRIPTION_BYTES, "bytes"),
        Measure("tags", tags_length(marked_tags(content)), MAX_TAGS),
    ]


def problems(content: Content) -> list[Problem]:
    found = []
    if not (content.title or "").strip():
        found.append(Problem("title", "A video needs a title."))
    found += [
        Problem(each.field, f"The {_NAMES[each.field]} has {each.used} {each.unit}; YouTube takes {each.limit}.")
        for each in measure(content)
        if each.is_over
    ]
    said = {"title": content.title or "", "body": content.body, "tags": "".join(_tags(content))}
    found += [
        Problem(field, f"YouTube takes no < or > in the {_NAMES[field]}.")
        for field, text in said.items()
        if "<" in text or ">" in text
    ]
    if not _are_tags(content.platform_specific):
        found.append(Problem("platform_specific.tags", "Must be a list of words."))
    return found


def _tags(content: Content) -> list[str]:
    given = content.platform_specific.get("tags")
    return list(given) if given and _are_tags(content.platform_specific) else []


def _are_tags(platform_specific: Mapping[str, Any]) -> bool:
    given = platform_specific.get("tags", ())
    return isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(each, str) for each in given)
