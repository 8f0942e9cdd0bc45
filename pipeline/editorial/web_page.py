"""A page of somebody else's, as an editor would read it: its article, who wrote it, and where."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag, urlsplit

from pipeline.platforms.fetch import Fetched, FetchError, fetch
from pipeline.writing.text import count_words, detect_language, squeeze

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGEST: Final = 5 * 1024 * 1024
"""In bytes, unpacked. The longest of newspapers' pages has 3 MB of HTML; more is no article."""
_PATIENCE_SECONDS: Final = 20.0
_MOST_ELEMENTS: Final = 30_000
"""An article's page has some thousands. The extraction looks at each more than once, and a page that was built to
occupy us must not.
"""
_FEWEST_WORDS: Final = 50
"""Below that it is a teaser, a form or a notice that the article is elsewhere."""
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


class PageError(Exception):
    """The page can't be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """`url` is where it was read, without what only counts visitors. `text` is its article, a paragraph a line.

    `published` is a date as YYYY-MM-DD, `language` an ISO 639-1 code. None is what the page does not tell.
    """

    url: str
    title: str
    text: str
    publisher: str
    author: str | None
    published: str | None
    language: str | None
    license: str | None


def read_page(url: str, *, reader: str, allow_private: bool = False) -> WebPage:
    """Fetch a page and extract its article. `reader` is our own address, for the page's owner to know who reads.

    Raises:
        PageError: it may not be read or can't be, is no HTML, is behind a paywall, or holds no article.
    """
    try:
        answer = fetch(
            url,
            allow_private=allow_private,
            max_bytes=_LARGEST,
            timeout_seconds=_PATIENCE_SECONDS,
            user_agent=f"pressroom (+{reader})",
        )
    except FetchError as error:
        raise PageError(str(error)) from None
    if not isinstance(answer, Fetched):
        raise PageError(f"{url} answered 304 to a question that had no condition.")
    mime_type = answer.content_type.partition(";")[0].strip().lower()
    if mime_type not in _HTML:
        raise PageError(f"{url} is {mime_type or 'of no type that it tells'}, no web page; only HTML can be curated.")
    return _extracted(answer)


def same_page(url: str) -> str:
    """The address by which a page is known again: without its fragment and what only counts visitors."""
    from courlan import normalize_url

    return str(normalize_url(urldefrag(url.strip()).url))


def _extracted(answer: Fetched) -> WebPage:
    """Raises: PageError."""
    from trafilatura import bare_extraction, load_html

    address = same_page(answer.url)
    tree = load_html(answer.body)
    if tree is not None and sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
        raise PageError(f"{address} has more than {_MOST_ELEMENTS:,} elements; that is no article.")
    if tree is not None and _is_paid(tree):
        raise PageError(f"{address} is behind a paywall, by its own word: what can be read there is not the article.")
    found = tree is not None and bare_extraction(
        tree,
        url=answer.url,
        include_comments=False,
        include_tables=False,
        favor_precision=True,
        with_metadata=True,
    )
    text = "\n".join(line for each in (getattr(found, "text", None) or "").splitlines() if (line := squeeze(each)))
    words = count_words(text)
    if words < _FEWEST_WORDS:
        raise PageError(
            f"{address} holds no article that can be read without a browser or an account: {words} words were found, "
            f"{_FEWEST_WORDS} make one. Write about it by hand: pressroom new"
        )
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    title = _line(found, "title")
    if title is None:
        raise PageError(f"{address} has no title. Write about it by hand: pressroom new")
    detected = detect_language(text)
    return WebPage(
        url=address,
        title=title,
        text=text,
        publisher=_line(found, "sitename") or host,
        author=_line(found, "author"),
        published=_line(found, "date"),
        language=_line(found, "language") or (detected if len(detected) == 2 else None),  # noqa: PLR2004 - ISO 639-1
        license=_line(found, "license"),
    )


def _line(found: Any, field: str) -> str | None:
    return squeeze(str(getattr(found, field, None) or "")) or None


def _is_paid(tree: "HtmlElement") -> bool:
    """What publishers tell search engines of a paywall (schema.org's isAccessibleForFree), or social networks."""
    tiers = tree.xpath("//meta[@property='article:content_tier' or @name='article:content_tier']/@content")
    if any(str(tier).strip().lower() == "locked" for tier in tiers):
        return True
    told = [text for text in tree.xpath("//script[@type='application/ld+json']/text()") if isinstance(text, str)]
    return any(str(free).lower() in ("false", "http://schema.org/false") for free in _access(told))


def _access(told: list[str]) -> Iterator[Any]:
    """Every `isAccessibleForFree` in what a page tells of itself; what is no JSON tells nothing."""
    for text in told:
        try:
            waiting = [json.loads(text)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            each = waiting.pop()
            if isinstance(each, dict):
                if "isAccessibleForFree" in each:
                    yield each["isAccessibleForFree"]
                waiting += each.values()
            elif isinstance(each, list):
                waiting += each
