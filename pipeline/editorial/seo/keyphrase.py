"""The target keyphrase, and what counts as a mention of it.

As Yoast counts: all its words that carry meaning, in any of their forms and in any order, within one sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.editorial.boundaries import contains
from pipeline.editorial.seo.document import Document, words
from pipeline.writing.text import squeeze


@dataclass(frozen=True, slots=True)
class Keyphrase:
    text: str
    words: Sequence[str]
    content_words: Sequence[str]
    """Those that carry meaning; all of them where none does."""
    forms: Sequence[frozenset[str]]
    """For each content word, its forms in the article, its title, its headings and the like."""

    def mentions(self, said: Sequence[str]) -> int:
        """How often one sentence, as words, has all of the content words."""
        for forms in self.forms:
            if forms.isdisjoint(said):
                return 0
        return min((sum(word in forms for word in said) for forms in self.forms), default=0)

    def share(self, said: Sequence[str]) -> float:
        """How many of the content words are there, 0 to 1."""
        return sum(not forms.isdisjoint(said) for forms in self.forms) / len(self.forms) if self.forms else 0.0

    def stands_in(self, text: str) -> bool:
        """Exactly so: whole words, in order; case does not matter."""
        return contains(text, self.text)

    def is_in(self, text: str) -> bool:
        return self.stands_in(text) or self.mentions(words(text)) > 0


def keyphrase_of(document: Document) -> Keyphrase | None:
    """None where the post has none."""
    post, language = document.post, document.language
    text = squeeze(post.target_keyword or "")
    if not text:
        return None
    own = words(text)
    content = [word for word in dict.fromkeys(own) if word not in language.function_words] or list(dict.fromkeys(own))
    vocabulary = list(_vocabulary(document))
    known: dict[str, set[str]] = {}
    for word, stem in zip(vocabulary, language.stems(vocabulary), strict=True):
        known.setdefault(stem, set()).add(word)
    forms = [
        frozenset({word, *known.get(stem, ())}) for word, stem in zip(content, language.stems(content), strict=True)
    ]
    return Keyphrase(text, own, content, forms)


def _vocabulary(document: Document) -> set[str]:
    post = document.post
    found: set[str] = set()
    for _, sentence in document.sentences():
        found.update(sentence.words)
    for heading in document.headings:
        found.update(heading.words)
    shown = [post.title, post.meta_title, post.meta_description, (post.slug or "").replace("-", " ")]
    for text in (*shown, *(picture.alt for picture in document.pictures), *(link.text for link in document.links)):
        found.update(words(text or ""))
    return found
