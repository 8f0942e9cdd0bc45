"""Affiliate and internal links, put into an article where a reader would expect them, and taken out again.

A phrase is linked where it stands in running text as whole words: once a target, at most one link of a kind a
paragraph and a stated number an article, the longest phrase first. Headings, code, quotations, tables, HTML, images,
addresses, notes (paragraphs all in emphasis) and what is a link already stay as they are.

Every link is tried on the parse tree before it is kept: the paragraph must read the same, with one link more and
nothing else changed.
"""

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.editorial import markdown as md
from pipeline.editorial.boundaries import is_whole_word, lowered
from pipeline.editorial.running_text import Paragraph, lines_of, paragraphs
from pipeline.text.marks import RELATED, SPONSORED, links
from pipeline.writing.text import markdown_url, squeeze

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST_AFFILIATE_LINKS = 5
MOST_INTERNAL_LINKS = 5
DISCLOSURE = "*Advertising: this article contains affiliate links. We may earn a commission if you buy through them.*"

_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
_LINK_TEXT = r"(?:\\.|[^\\\[\]])+"
_OURS = re.compile(rf'\[({_LINK_TEXT})\]\([^\s()]+ "(?:{SPONSORED}|{RELATED})"\)', re.DOTALL)
_ADDRESS = re.compile(r"\S*(?:://|www\.)\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """What phrases may link to. Of two targets with one phrase, the first in the list has it."""

    url: str
    phrases: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """text[start:end], of a paragraph or of the whole article, as a link to `url`."""

    start: int
    end: int
    url: str


def add_links(markdown: str, products: Sequence[Target], posts: Sequence[Target]) -> str:
    """The article with links to products, marked as sponsored, and to our own posts.

    Where there is any link to a product, a disclosure stands before the text. The posts come ranked, most relevant
    first. Links of an earlier run are taken out first, so that the same targets give the same article again.
    """
    plain = without_links(markdown)
    sponsored = _disclosed(_add(plain, products, SPONSORED, MOST_AFFILIATE_LINKS))
    return _add(sponsored, posts, RELATED, MOST_INTERNAL_LINKS)


def without_links(markdown: str) -> str:
    """The article as it was before links and disclosure were added, byte for byte."""
    plain = _OURS.sub(r"\1", markdown)
    start = _place_of_disclosure(plain)
    length = len(DISCLOSURE) + 2
    return plain[:start] + plain[start + length :] if plain.startswith(f"{DISCLOSURE}\n\n", start) else plain


def _add(markdown: str, targets: Sequence[Target], kind: str, most: int) -> str:
    matcher = _Matcher(targets)
    env: dict[str, Any] = {}
    tokens = md.parse(markdown, env)
    linked = {link.attrs.get("href") for link in links(tokens)}
    edits: list[_Candidate] = []
    for paragraph in paragraphs(markdown, tokens):
        if len(edits) == most:
            break
        found = matcher.first_fit(paragraph, kind, linked, env)
        if found is not None:
            start, end = paragraph.source_offset(found.start), paragraph.source_offset(found.end - 1) + 1
            edits.append(_Candidate(start, end, found.url))
            linked.add(_href(found.url))
    for edit in reversed(edits):
        markdown = _linked(markdown, edit, kind)
    return markdown


def _linked(text: str, candidate: _Candidate, kind: str) -> str:
    start, end = candidate.start, candidate.end
    return f'{text[:start]}[{text[start:end]}]({markdown_url(candidate.url)} "{kind}"){text[end:]}'


def _href(url: str) -> str:
    """The address as the parser reads it."""
    return md.parser().normalizeLink(markdown_url(url).replace("\\&", "&"))


class _Matcher:
    """All phrases of all targets, looked for in one pass."""

    def __init__(self, targets: Sequence[Target]) -> None:
        from ahocorasick_rs import AhoCorasick

        urls: dict[str, str] = {}
        for target in targets:
            for phrase in map(squeeze, target.phrases):
                if any(char.isalnum() for char in phrase):  # a sign alone is no keyword
                    urls.setdefault(lowered(phrase), target.url)
        self._urls = list(urls.values())
        self._automaton = AhoCorasick(list(urls)) if urls else None

    def first_fit(
        self, paragraph: Paragraph, kind: str, linked: set[Any], env: MutableMapping[str, Any]
    ) -> _Candidate | None:
        """The first phrase in the paragraph that can be a link."""
        for candidate in self._matches(paragraph.token.content):
            if _href(candidate.url) not in linked and _fits(paragraph.token, candidate, kind, env):
                return candidate
        return None

    def _matches(self, content: str) -> Iterator[_Candidate]:
        if self._automaton is None:
            return
        text, places = _readable(content)
        addresses = [match.span() for match in _ADDRESS.finditer(text)]
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        for index, start, end in sorted(found, key=lambda match: (match[1], -match[2])):
            in_address = any(first < end and start < last for first, last in addresses)
            if is_whole_word(text, start, end) and not in_address:
                yield _Candidate(places[start].start, places[end - 1].stop, self._urls[index])


def _readable(content: str) -> tuple[str, list[range]]:
    """The content as it is searched: in lower case, on one line, without escaping backslashes.

    With it, for each character, where it stands in the content, its backslash included.
    """
    escapes = {match.start() for match in _ESCAPED.finditer(content)}
    places = [range(at - (at - 1 in escapes), at + 1) for at in range(len(content)) if at not in escapes]
    return lowered("".join(content[place.stop - 1] for place in places).replace("\n", " ")), places


def _fits(token: "Token", candidate: _Candidate, kind: str, env: MutableMapping[str, Any]) -> bool:
    """Whether the link leaves everything else in the paragraph as it is."""
    if re.fullmatch(_LINK_TEXT, token.content[candidate.start : candidate.end], re.DOTALL) is None:
        return False
    tried = md.parser().parseInline(_linked(token.content, candidate, kind), env)[0].children or []
    href = _href(candidate.url)
    opened = [at for at, child in enumerate(tried) if child.type == "link_open" and child.attrs.get("href") == href]
    if len(opened) != 1:
        return False
    closed = next(at for at in range(opened[0], len(tried)) if tried[at].type == "link_close")
    rest = [child for at, child in enumerate(tried) if at not in {opened[0], closed}]
    return _shape(rest) == _shape(token.children or [])


def _shape(tokens: "Iterable[Token]") -> list[tuple[str, str, dict[str, Any]]]:
    """What the tokens say, neighbouring texts as one."""
    shape: list[tuple[str, str, dict[str, Any]]] = []
    for token in tokens:
        if token.type == "text" and shape and shape[-1][0] == "text":
            shape[-1] = ("text", shape[-1][1] + token.content, {})
        elif token.type != "text" or token.content:
            shape.append((token.type, token.content, token.attrs))
    return shape


def _disclosed(markdown: str) -> str:
    tokens = md.parse(markdown)
    sponsored = any(link.attrs.get("title") == SPONSORED for link in links(tokens))
    if not sponsored or any(token.type == "inline" and token.content == DISCLOSURE for token in tokens):
        return markdown
    place = _place_of_disclosure(markdown)
    return f"{markdown[:place]}{DISCLOSURE}\n\n{markdown[place:]}"


def _place_of_disclosure(markdown: str) -> int:
    """Before the first block that is not the title: a reader sees it before any link."""
    lines = lines_of(markdown)
    for token in md.parse(markdown):
        if token.level == 0 and token.map is not None and token.tag != "h1":
            return lines[token.map[0]][0]
    return len(markdown)
