"""What is said with a post: TikTok counts UTF-16 code units, and finds hashtags by the blanks around them. Pure."""

from collections.abc import Sequence
from typing import Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean

CAPTION: Final = 2200
PICTURES_TITLE: Final = 90
PICTURES_TEXT: Final = 4000
_MOST_HASHTAGS: Final = 5


def length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def title(article: AdaptableArticle, limit: int) -> str:
    return fit(adaptation.title_of(article, None), limit, length)


def caption(article: AdaptableArticle, limit: int) -> tuple[str, Sequence[str]]:
    """What the article is about in its own words, its hashtags, and where it is; and which hashtags those are."""
    hashtags = adaptation.hashtags(article.keywords, _MOST_HASHTAGS)

    def said(hook: str, tags: int) -> str:
        parts = (hook, " ".join(hashtags[:tags]), article.link)
        return clean("\n\n".join(part for part in parts if part))

    hook = fit(adaptation.teaser(article), limit, lambda hook: length(said(hook, 0)))
    tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or length(said(hook, n)) <= limit)
    return said(hook, tags), hashtags[:tags]
