"""A publication's text on Instagram: how it is made, counted and recognised. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, Destination
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean, one_line

LIMIT: Final = 2200
MOST_MENTIONS: Final = 20
WISE_HASHTAGS: Final = 5
"""More are said to be cut or refused on some accounts already."""
_MOST_HASHTAGS: Final = 30
_HASHTAG: Final = re.compile(r"(?<![\w&/#])#\w+")
_MENTION: Final = re.compile(r"(?<![\w./])@\w[\w.]*")


def adapted(article: AdaptableArticle, account: Destination) -> tuple[str, list[str]]:
    """The caption, and its hashtags: the title, what the article is about in its own words, where it is.

    Addresses can't be followed from a caption; a reader can copy them.
    """
    limit = min(LIMIT, account.max_content_length or LIMIT)
    title, teaser = adaptation.title_of(article, None), adaptation.teaser(article)
    most = min(WISE_HASHTAGS, most_hashtags(account.publish_config))
    hashtags = adaptation.hashtags(article.keywords, most)

    def said(text: str, tags: int) -> str:
        words = text if text != title else ""
        disclosure = one_line(article.disclosure or "")
        parts = (title, disclosure, words, article.link, " ".join(hashtags[:tags]))
        return clean("\n\n".join(part for part in parts if part))

    text = fit(teaser, limit, lambda text: length(said(text, 0)))
    tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or length(said(text, n)) <= limit)
    return said(text, tags), hashtags[:tags]


def most_hashtags(publish_config: Mapping[str, Any]) -> int:
    return int(publish_config.get("max_hashtags") or _MOST_HASHTAGS)


def length(caption: str) -> int:
    """In UTF-16 units: Instagram does not say how it counts an emoji, and as one character it might be too few."""
    return len(caption.encode("utf-16-le", "surrogatepass")) // 2


def hashtags(caption: str) -> int:
    return len(_HASHTAG.findall(caption))


def mentions(caption: str) -> int:
    return len(_MENTION.findall(caption))


def is_same(shown: Any, said: str) -> bool:
    """Whether a caption that the API shows is the one that was sent; the API leaves out its @ signs."""
    return isinstance(shown, str) and _canonical(shown) == _canonical(said)


def _canonical(caption: str) -> str:
    return " ".join(unicodedata.normalize("NFC", caption).replace("@", "").split())
