"""What the platforms' adaptations have in common: rendered first, fitted last, measured on what is sent. Pure."""

import re
from collections.abc import Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.content import Problem
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import MediaRule, rule_for
from pipeline.platforms.offer import Capabilities
from pipeline.text.fitting import fit
from pipeline.text.rendering import blocks, inline, one_line, paragraph, plain, text_of

MAX_TAGS: Final = 10
EXCERPT_LIMIT: Final = 300
_MAX_HASHTAG: Final = 40
_TAGGABLE: Final = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}_ \-]*")


def title_of(article: AdaptableArticle, limit: int | None) -> str:
    """The title on one line, in at most `limit` characters; None is no limit."""
    title = one_line(article.title)
    return title if limit is None else fit(title, limit)


def teaser(article: AdaptableArticle) -> str:
    """The excerpt; without one, the first words of the article; without any, its title. Of one in parts, all of it."""
    if article.parts:
        return "\n\n".join(article.texts)
    first = next((text for block in blocks(article.markdown) if (text := one_line(text_of(block)))), "")
    return plain(article.excerpt) or first or inline(article.title)


def disclosed(article: AdaptableArticle) -> list[str]:
    """The article's blocks in HTML, the disclosure before them; at least one."""
    disclosure = [paragraph(article.disclosure)] if article.disclosure else []
    return [*disclosure, *(blocks(article.markdown, article.href) or [paragraph(teaser(article))])]


def markup(article: AdaptableArticle, limit: int | None) -> str:
    """The article in HTML; past a limit in characters, its last blocks are left out."""
    kept = disclosed(article)
    if limit is None or len("\n".join(kept)) <= limit:
        return "\n".join(kept)
    while len(kept) > 1 and len("\n".join(kept)) > limit:
        kept.pop()
    if len(kept[0]) <= limit:
        return "\n".join(kept)
    return paragraph(fit(one_line(text_of(kept[0])), limit, lambda text: len(paragraph(text))))


def media_for(media: Sequence[Media], takes: Sequence[MediaRule]) -> tuple[Media, ...]:
    """Those of a post's media that go to a platform: of the kind it would rather have, as many as it takes."""
    for rule in takes:
        if chosen := [each for each in media if rule_for(each, takes) is rule][: rule.most]:
            return tuple(chosen)
    return ()


def one_of_each(media: Sequence[Media], takes: Sequence[MediaRule]) -> tuple[Media, ...]:
    """The first of a post's media for each of a platform's rules."""
    firsts = (next((each for each in media if rule_for(each, takes) is rule), None) for rule in takes)
    return tuple(each for each in firsts if each is not None)


def needed(media: Sequence[Media], capabilities: Capabilities) -> list[Problem]:
    """What is missing where a publication must have media."""
    needs = capabilities.needs
    if not needs or any(each.kind in needs for each in media):
        return []
    return [Problem("media", f"The post has no {' or '.join(needs)}, and the platform takes none without.")]


def names(given: Sequence[str], most: int) -> list[str]:
    """Without blanks and repetitions, in order."""
    known = {name.casefold(): name for name in map(one_line, reversed(given)) if name}
    return list(reversed(known.values()))[:most]


def hashtags(keywords: Sequence[str], most: int) -> list[str]:
    """`machine learning` becomes #MachineLearning. A keyword that would lose its meaning (C++) is left out."""
    tags = []
    for keyword in names(keywords, len(keywords)):
        bare = re.sub("['’]", "", keyword)  # noqa: RUF001 - the typographic apostrophe
        if not _TAGGABLE.fullmatch(bare) or not regex.search(r"\p{L}", bare):
            continue
        words = re.split(r"[ \-]+", bare.strip(" -"))
        tag = words[0] if len(words) == 1 else "".join(word[:1].upper() + word[1:] for word in words)
        if len(tag) < _MAX_HASHTAG:
            tags.append(f"#{tag}")
    return names(tags, most)
