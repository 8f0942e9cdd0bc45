"""The title and the meta description: what a search engine shows of the article."""

from collections.abc import Iterator

from pipeline.editorial.findings import Finding, blocking, good, improvement
from pipeline.editorial.seo.document import Document
from pipeline.editorial.seo.widths import columns, fitting, width

WIDEST_TITLE = 600
SHORTEST_DESCRIPTION, LONGEST_DESCRIPTION = 121, 156


def check(document: Document) -> Iterator[Finding]:
    post = document.post
    title = " ".join((post.title or "").split())
    if title:
        yield good("title", "There is a title.", "title")
    else:
        yield blocking("title", "The article has no title.", "Give it one.", "title")
    meta_title = " ".join((post.meta_title or "").split())
    if meta_title or title:
        yield _title_width(meta_title or title, "meta title" if meta_title else "title")
    yield _description(" ".join((post.meta_description or "").split()))


def _title_width(title: str, place: str) -> Finding:
    name, pixels = "title width", width(title)
    message = f"The {place} is {pixels} px wide of {WIDEST_TITLE} that search results show."
    if pixels > WIDEST_TITLE:
        return improvement(
            name, message, f"Shorten it by about {len(title) - fitting(title, WIDEST_TITLE)} characters.", place
        )
    return good(name, message, place)


def _description(description: str) -> Finding:
    name, place, length = "meta description length", "meta description", columns(description)
    range_told = f"{SHORTEST_DESCRIPTION} to {LONGEST_DESCRIPTION} characters"
    if not length:
        message = "There is no meta description; search engines show any part of the text instead."
        return improvement(name, message, f"Write one of {range_told}.", place)
    message = f"The meta description has {length} characters; {range_told} are shown whole and fill the space."
    if length < SHORTEST_DESCRIPTION:
        return improvement(name, message, f"Use the space: {SHORTEST_DESCRIPTION - length} more at least.", place)
    if length > LONGEST_DESCRIPTION:
        return improvement(name, message, f"Shorten it by {length - LONGEST_DESCRIPTION}.", place)
    return good(name, message, place)
