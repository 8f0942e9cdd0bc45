"""An article as each platform wants it: rendered first, fitted last, measured on what is sent. Pure.

The same article gives the same version every time: an approval binds its hash.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import regex  # type: ignore[import-untyped]

from pipeline.distribution import newsletter
from pipeline.distribution.fitting import fit, link_spans
from pipeline.distribution.rendering import blocks, clean, inline, one_line, paragraph, plain, text_of
from pipeline.platforms import x_text
from pipeline.platforms.registry import UnknownPlatformError

_MAX_HASHTAGS: Final = 2
_MAX_HASHTAG: Final = 40
_MAX_TAGS: Final = 10
_MAX_CATEGORIES: Final = 3
_EXCERPT: Final = 300
_DESCRIPTION: Final = 160
"""What a search engine shows of a description."""
_TAGGABLE: Final = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}_ \-]*")


@dataclass(frozen=True, slots=True)
class AdaptableArticle:
    """An article before it is any platform's. `canonical_url` is its page at home; `disclosure` is shown above it."""

    title: str
    markdown: str
    excerpt: str
    keywords: Sequence[str]
    canonical_url: str
    vertical: str
    topics: Sequence[str] = ()
    disclosure: str | None = None
    slug: str | None = None
    language: str = "en"


class Destination(Protocol):
    """An account's platform and limits; None is the platform's own limit."""

    @property
    def name(self) -> str: ...
    @property
    def publish_config(self) -> Mapping[str, Any]: ...
    @property
    def max_content_length(self) -> int | None: ...
    @property
    def max_title_length(self) -> int | None: ...
    @property
    def is_home(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class AdaptedContent:
    title: str | None
    body: str
    link_url: str | None
    media_urls: tuple[str, ...] = ()
    platform_specific: Mapping[str, Any] = field(default_factory=dict)


def adapt(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """Raises: UnknownPlatformError."""
    try:
        return _ADAPTATIONS[account.name](article, account)
    except KeyError:
        raise UnknownPlatformError(f"No adaptation for the platform {account.name!r}.") from None


def _site(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """HTML, with what the page says of itself. `max_content_length` is in characters of HTML."""
    teaser = _teaser(article)
    return AdaptedContent(
        title=_title(article, account.max_title_length),
        body=_markup(article, account.max_content_length),
        link_url=None,
        platform_specific={
            "slug": article.slug or article.canonical_url.rstrip("/").rpartition("/")[2],
            "excerpt": fit(teaser, _EXCERPT),
            "description": fit(teaser, _DESCRIPTION),
            "keywords": _names(article.keywords, _MAX_TAGS),
            "language": article.language,
        },
    )


def _wordpress(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """HTML and the names of its terms; where the site is not the article's home, it says where that is."""
    address = html.escape(article.canonical_url)
    source = "" if account.is_home else f'\n<p>First published at <a href="{address}">{address}</a>.</p>'
    limit = None if account.max_content_length is None else account.max_content_length - len(source)
    return AdaptedContent(
        title=_title(article, account.max_title_length),
        # A square bracket could open a shortcode, which WordPress would run.
        body=(_markup(article, limit) + source).replace("[", "&#91;"),
        link_url=article.canonical_url,
        platform_specific={
            "excerpt": fit(_teaser(article), _EXCERPT),
            "categories": _names(article.topics, _MAX_CATEGORIES) or _names([article.vertical], 1),
            "tags": _names(article.keywords, _MAX_TAGS),
        },
    )


def _x(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """What the article is about in its own words, up to two hashtags, and the link."""
    limit = int(account.publish_config.get("max_weighted_length") or x_text.LIMIT)
    limit = min(limit, account.max_content_length or limit)
    hashtags = _hashtags(article.keywords)

    def said(hook: str, tags: int) -> str:
        return clean("\n\n".join(part for part in (hook, " ".join(hashtags[:tags]), article.canonical_url) if part))

    def measure(hook: str) -> int:
        return x_text.weighted_length(said(hook, 0))

    def links(text: str) -> list[tuple[int, int]]:
        return link_spans(text) + x_text.link_spans(text)

    hook = fit(_teaser(article), limit, measure, links)
    tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or x_text.weighted_length(said(hook, n)) <= limit)
    return AdaptedContent(
        title=None,
        body=said(hook, tags),
        link_url=article.canonical_url,
        platform_specific={"hashtags": hashtags[:tags]},
    )


def _mailchimp(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """`max_content_length` is in bytes of HTML."""
    title = _title(article, min(account.max_title_length or newsletter.SUBJECT_LIMIT, newsletter.SUBJECT_LIMIT))
    letter = newsletter.Letter(
        title=title,
        blocks=_disclosed(article),
        link=article.canonical_url,
        language=article.language,
    )
    limit = min(account.max_content_length or newsletter.CLIPPED_AT_BYTES, newsletter.CLIPPED_AT_BYTES)
    return AdaptedContent(
        title=newsletter.without_merge_tags(title),
        body=newsletter.to_html(letter, limit),
        link_url=article.canonical_url,
        platform_specific={
            "preview_text": newsletter.without_merge_tags(fit(_teaser(article), newsletter.PREVIEW_LIMIT)),
            "plain_text": newsletter.to_text(letter),
        },
    )


_ADAPTATIONS: Final[Mapping[str, Callable[[AdaptableArticle, Destination], AdaptedContent]]] = {
    "site": _site,
    "wordpress": _wordpress,
    "x": _x,
    "mailchimp": _mailchimp,
}


def _title(article: AdaptableArticle, limit: int | None) -> str:
    title = one_line(article.title)
    return title if limit is None else fit(title, limit)


def _teaser(article: AdaptableArticle) -> str:
    """The excerpt; without one, the first words of the article; without any, its title."""
    first = next((text for block in blocks(article.markdown) if (text := one_line(text_of(block)))), "")
    return plain(article.excerpt) or first or inline(article.title)


def _disclosed(article: AdaptableArticle) -> list[str]:
    disclosure = [paragraph(article.disclosure)] if article.disclosure else []
    return [*disclosure, *(blocks(article.markdown) or [paragraph(_teaser(article))])]


def _markup(article: AdaptableArticle, limit: int | None) -> str:
    """The article in HTML; past a limit in characters, its last blocks are left out."""
    markup = _disclosed(article)
    if limit is None or len("\n".join(markup)) <= limit:
        return "\n".join(markup)
    kept = list(markup)
    while len(kept) > 1 and len("\n".join(kept)) > limit:
        kept.pop()
    if len(kept[0]) <= limit:
        return "\n".join(kept)
    return paragraph(fit(one_line(text_of(kept[0])), limit, lambda text: len(paragraph(text))))


def _names(names: Sequence[str], most: int) -> list[str]:
    """Without blanks and repetitions, in order."""
    known = {name.casefold(): name for name in map(one_line, reversed(names)) if name}
    return list(reversed(known.values()))[:most]


def _hashtags(keywords: Sequence[str]) -> list[str]:
    """`machine learning` becomes #MachineLearning. A keyword that would lose its meaning (C++) is left out."""
    tags = []
    for keyword in _names(keywords, len(keywords)):
        bare = re.sub("['’]", "", keyword)  # noqa: RUF001 - the typographic apostrophe
        if not _TAGGABLE.fullmatch(bare) or not regex.search(r"\p{L}", bare):
            continue
        words = re.split(r"[ \-]+", bare.strip(" -"))
        tag = words[0] if len(words) == 1 else "".join(word[:1].upper() + word[1:] for word in words)
        if len(tag) < _MAX_HASHTAG:
            tags.append(f"#{tag}")
    return _names(tags, _MAX_HASHTAGS)
