"""How much of somebody else's text a curated post quotes, and whether it says whose it is. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.writing.extract import stands_alone
from pipeline.writing.text import count_words, escape_markdown, sentences, squeeze

MOST_QUOTED_WORDS: Final = 50
"""In all. No law draws a line; this is two or three sentences, which quote a page and don't replace it."""
MOST_QUOTED_SHARE: Final = 0.1
"""Of the page's words, where that is less."""

_SENTENCE_END: Final = re.compile(r"[.!?。！？][\"'”’)]*$")  # noqa: RUF001 - the sentence ends of Chinese and Japanese
"""What a headline lacks."""


class QuotationError(ValueError):
    """The words can't be quoted; the message says why."""


def chosen_quotation(text: str, language: str, chosen: str | None) -> str:
    """What is quoted of a page's text: the chosen words, else its first sentence that can be read alone and is short
    enough, else nothing.

    Raises:
        QuotationError: the chosen words are not the page's, or too many.
    """
    most = most_quoted(text)
    if chosen is None:
        told = (each for each in sentences(text, language) if _SENTENCE_END.search(each) and stands_alone(each))
        return next((each for each in told if count_words(each) <= most), "")
    chosen = squeeze(chosen)
    if chosen and chosen not in squeeze(text):
        raise QuotationError("The quotation is not in the page's text word for word.")
    if count_words(chosen) > most:
        raise QuotationError(f"The quotation has {count_words(chosen)} words; of this page, {most} may be quoted.")
    return chosen


def most_quoted(text: str) -> int:
    """How many words of the text may be quoted."""
    return min(MOST_QUOTED_WORDS, int(count_words(text) * MOST_QUOTED_SHARE))


def quoted(quotation: str) -> str:
    """As Markdown marks a quotation; empty where there is none."""
    return f"> {escape_markdown(quotation)}" if quotation else ""


def findings(content: str, credit: Mapping[str, str | None]) -> list[Finding]:
    """What a curated post's text lacks of what it owes the original: a link, and quotations that are short. At least
    one finding.
    """
    tokens = md.parse(content)
    inline = [child for token in tokens for child in token.children or ()]
    found = []
    if credit["url"] not in {str(child.attrs.get("href")) for child in inline if child.type == "link_open"}:
        message = f"The text has no link to the original at {credit['publisher']}."
        found.append(Finding("credit", "blocking", message, f"Link it: {credit['url']}", "content"))
    depth = words = 0
    for token in tokens:
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        words += count_words(md.inline_text(token)) if depth and token.type == "inline" else 0
    if words > MOST_QUOTED_WORDS:
        message = f"{words} words are quoted."
        what_to_do = f"Quote at most {MOST_QUOTED_WORDS} and say the rest in your own words."
        found.append(Finding("quotation", "blocking", message, what_to_do, "quotation"))
    return found or [
        Finding("credit", "good", "The original is linked and credited, and quoted in short.", "", "content")
    ]
