"""Which texts an article is closest to: BM25 over words. Pure, and the same input gives the same order."""

from collections.abc import Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.editorial import markdown as md
from pipeline.editorial.running_text import paragraphs
from pipeline.writing.text import words

LONGEST_PHRASE: Final = 6
"""In words (in characters of scripts without spaces). What is longer, a whole title mostly, hardly stands in a text."""

_WORD: Final = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|[\p{L}\p{N}\p{M}]+(?P<signs>[+#%]+)?"
)


def phrases_in(markdown: str) -> set[str]:
    """Every run of words in the running text, in lower case: whatever could be linked there stands among them."""
    found: set[str] = set()
    for paragraph in paragraphs(markdown, md.parse(markdown)):
        text = paragraph.readable.text
        spans = [(match.start(), match.end(), match.start("signs")) for match in _WORD.finditer(text)]
        for first, (start, _, _) in enumerate(spans):
            for _, end, signs in spans[first : first + LONGEST_PHRASE]:
                found.add(text[start:end])
                if signs >= 0:
                    found.add(text[start:signs])
    return found


def ranked(article: str, texts: Sequence[str]) -> list[int]:
    """The places of the texts in their list, the one closest to the article first; equals stay in order."""
    import bm25s

    corpus = [words(text.lower()) for text in texts]
    known = {word for text in corpus for word in text}
    asked = sorted(known.intersection(words(article.lower())))
    if not asked:
        return list(range(len(texts)))
    index = bm25s.BM25()
    index.index(corpus, show_progress=False)
    scores = index.get_scores(asked)
    return sorted(range(len(texts)), key=lambda place: -float(scores[place]))
