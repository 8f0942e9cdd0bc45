"""Links put into an article where a reader would expect them.

A phrase is linked where it stands in running text as whole words: once a target, at most one link of a kind a
paragraph, and a stated number an article. Headings, code, quotations, tables, HTML, images, addresses, notes
(paragraphs all in emphasis) and what is a link already stay as they are.

Products are linked in reading order: of phrases that overlap the first, of those that begin at one place the longest,
of two products with one phrase the one earlier in the list. Posts are linked in the order of their list, the most
relevant first, each at its first place.

Every link is tried on the parse tree before it is kept: the paragraph must read the same, with one link more and
nothing else changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.editorial import markdown as md
from pipeline.editorial.links.catalogue import Catalogue, Match, Target
from pipeline.editorial.links.seals import (
    DISCLOSURE,
    disclosure_paragraph,
    end_of_link,
    href_of,
    is_one_link_more,
    may_be_words,
    parsed,
    place_of_disclosure,
    without_links,
)
from pipeline.editorial.running_text import Paragraph, Said, paragraphs
from pipeline.text.marks import RELATED, SPONSORED, links, mark_of

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST_AFFILIATE_LINKS: Final = 5
MOST_INTERNAL_LINKS: Final = 5


@dataclass(frozen=True, slots=True)
class _Link:
    match: Match
    kind: str


@dataclass(slots=True)
class _Block:
    """A paragraph, the kinds of link it has, the links it is to have besides, and how it is parsed with those."""

    paragraph: Paragraph
    kinds: set[str]
    tokens: "Sequence[Token]"
    links: list[_Link] = field(default_factory=list)

    def with_links(self, chosen: "Iterable[_Link]") -> str:
        content = self.paragraph.token.content
        for link in sorted(chosen, key=_last_first):
            start, end = link.match.start, link.match.end
            content = f"{content[:start]}[{content[start:end]}{self.end_of(link)[0]}{content[end:]}"
        return content

    def end_of(self, link: _Link, *, with_disclosure: bool = False) -> tuple[str, str]:
        """What stands behind the link's words, and its title."""
        words = self.paragraph.token.content[link.match.start : link.match.end]
        return end_of_link(words, link.match.url, link.kind, with_disclosure=with_disclosure)


def add_links(markdown: str, products: Catalogue | Sequence[Target], posts: Catalogue | Sequence[Target]) -> str:
    """The article with links to products, marked as sponsored, and to our own posts, ranked, most relevant first.

    With a link to a product comes a disclosure before the text, where none stands before the first such link already.
    Links of an earlier run are taken out first, so that the same targets give the same article again. Whoever has
    thousands of targets for many articles keeps the `Catalogue`.
    """
    article = _Article(without_links(markdown))
    if isinstance(products, Catalogue) or products:
        article.link_products(products if isinstance(products, Catalogue) else Catalogue(products))
    if isinstance(posts, Catalogue) or posts:
        article.link_posts(posts if isinstance(posts, Catalogue) else Catalogue(posts))
    return article.text()


class _Article:
    """An article without links of ours, and those it gets."""

    def __init__(self, plain: str) -> None:
        self._plain = plain
        self._said = Said.of(plain)
        self._env: dict[str, Any] = {}
        self._tokens = md.parse(self._said.text, self._env)
        self._blocks = [
            _Block(paragraph, _marks(paragraph.token), paragraph.token.children or ())
            for paragraph in paragraphs(self._said.text, self._tokens)
        ]
        theirs = list(links(self._tokens))
        self._their_hrefs = {link.attrs.get("href") for link in theirs}
        self._their_sponsored = sum(mark_of(link) == SPONSORED for link in theirs)
        self._our_urls: set[str] = set()

    def link_products(self, catalogue: Catalogue) -> None:
        self._link(self._in_reading_order(catalogue), SPONSORED, MOST_AFFILIATE_LINKS - self._their_sponsored)

    def link_posts(self, catalogue: Catalogue) -> None:
        self._link(self._in_order_of_rank(catalogue), RELATED, MOST_INTERNAL_LINKS)

    def text(self) -> str:
        discloses = self._needs_disclosure()
        text = self._plain
        for block in reversed(self._blocks):
            for link in sorted(block.links, key=_last_first):
                first = block.paragraph.offset_in_article(link.match.start)
                last = block.paragraph.offset_in_article(link.match.end - 1)
                start, end = self._said.span(first, last + 1)
                tail, _ = block.end_of(link, with_disclosure=discloses and link.kind == SPONSORED)
                text = f"{text[:start]}[{text[start:end]}{tail}{text[end:]}"
        if discloses:
            place = self._said.places[place_of_disclosure(self._said.text, self._tokens)]
            text = text[:place] + disclosure_paragraph(self._said.text) + text[place:]
        return text

    def _in_reading_order(self, catalogue: Catalogue) -> Iterator[tuple[_Block, Match]]:
        for block in self._blocks:
            for match in catalogue.matches(block.paragraph.readable):
                if SPONSORED in block.kinds:
                    break
                yield block, match

    def _in_order_of_rank(self, catalogue: Catalogue) -> Iterator[tuple[_Block, Match]]:
        found = [(block, match) for block in self._blocks for match in catalogue.matches(block.paragraph.readable)]
        yield from sorted(found, key=lambda pair: pair[1].rank)

    def _link(self, candidates: Iterable[tuple[_Block, Match]], kind: str, most: int) -> None:
        for block, match in candidates:
            if most <= 0:
                return
            if kind not in block.kinds and not self._is_linked(match.url) and self._try(block, _Link(match, kind)):
                block.kinds.add(kind)
                self._our_urls.add(match.url)
                most -= 1

    def _is_linked(self, url: str) -> bool:
        return url in self._our_urls or (bool(self._their_hrefs) and href_of(url) in self._their_hrefs)

    def _try(self, block: _Block, link: _Link) -> bool:
        """Keep the link if it leaves everything else in the paragraph as it is."""
        start, end = link.match.start, link.match.end
        words = block.paragraph.token.content[start:end]
        if not may_be_words(words) or any(start < kept.match.end and kept.match.start < end for kept in block.links):
            return False
        tokens = parsed(block.with_links([*block.links, link]), self._env)
        if not is_one_link_more(tokens, block.tokens, block.end_of(link)[1]):
            return False
        block.links.append(link)
        block.tokens = tokens
        return True

    def _needs_disclosure(self) -> bool:
        """Whether we set a sponsored link, and no disclosure stands before the first."""
        ours = [block.paragraph.line for block in self._blocks if any(link.kind == SPONSORED for link in block.links)]
        if not ours:
            return False
        disclosed = [
            token.map[0]
            for token in self._tokens
            if token.type == "inline" and token.content == DISCLOSURE and token.map
        ]
        theirs = [token.map[0] for token in self._tokens if token.map and SPONSORED in _marks(token)]
        return not disclosed or disclosed[0] > min(ours + theirs)


def _marks(token: "Token") -> set[str]:
    return {mark for link in links([token]) if (mark := mark_of(link))}


def _last_first(link: _Link) -> int:
    return -link.match.start
