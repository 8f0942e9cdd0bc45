"""Show notes: an article in the little HTML that podcast apps show, within the bytes that they take. Pure."""

import html
import re
from typing import Final

import nh3

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean, one_line, paragraph, text_of

_TAGS: Final = {"p", "ol", "ul", "li", "a", "b", "i", "strong", "em"}
"""PSP-1's. What else a block holds is said by them, or left out."""
_SAID_OTHERWISE: Final = (
    (re.compile(r"<h[1-6][^>]*>"), "<p><strong>"),
    (re.compile(r"</h[1-6]>"), "</strong></p>"),
    (re.compile(r"<(?:pre|tr|dt|dd|figcaption)(?=[\s>])[^>]*>"), "<p>"),
    (re.compile(r"</(?:pre|tr|dt|dd|figcaption)>"), "</p>"),
    (re.compile(r"</t[dh]>|<br\s*/?>"), " "),
)


def show_notes(article: AdaptableArticle, limit: int) -> str:
    """The article and its address in at most `limit` bytes; its last blocks are left out where it is longer."""
    link = f'<p><a href="{html.escape(article.link)}">{html.escape(article.canonical_url)}</a></p>'
    kept = [block for each in adaptation.disclosed(article) if text_of(block := _simple(each))]
    kept = kept or [paragraph(adaptation.teaser(article))]

    def notes() -> str:
        return "\n".join((*kept, link))

    while len(kept) > 1 and size(notes()) > limit:
        kept.pop()
    if size(notes()) <= limit:
        return notes()
    left = limit - size(link) - 1
    opening = paragraph(fit(one_line(text_of(kept[0])), max(left, 0), lambda text: size(paragraph(text))))
    return f"{opening}\n{link}"


def size(text: str) -> int:
    """In bytes, as feeds are counted."""
    return len(text.encode())


def _simple(block: str) -> str:
    for pattern, said in _SAID_OTHERWISE:
        block = pattern.sub(said, block)
    attributes = {"a": {"href", "rel"}}
    return clean(nh3.clean(block, tags=_TAGS, attributes=attributes, link_rel=None)).strip()
