"""How a link of ours is told from anybody's, and taken out again byte for byte.

A link that the program sets is sealed: its title ends in a checksum of its words, its address, and whether the
disclosure was set with it. So the same Markdown written by a person (without the checksum, or with words changed since)
is that person's own, and stays. Only a copy of our very bytes is taken for ours.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.editorial import markdown as md
from pipeline.editorial.running_text import Said, lines_of, paragraphs
from pipeline.text.marks import RELATED, SPONSORED
from pipeline.writing.text import markdown_url

if TYPE_CHECKING:
    from markdown_it.token import Token

DISCLOSURE: Final = (
    "*Advertising: this article contains affiliate links. We may earn a commission if you buy through them.*"
)

_LINK_TEXT: Final = re.compile(r"(?:\\.|[^\\\[\]])+", re.DOTALL)
_OURS: Final = re.compile(
    rf'\[({_LINK_TEXT.pattern})\]\(([^\s()]+) "((?:{SPONSORED}|{RELATED}) [0-9a-f]{{8}})"\)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _OwnLink:
    """A link of ours in a paragraph's content: `[words](address "title")`."""

    start: int
    words_end: int
    end: int
    with_disclosure: bool


def may_be_words(text: str) -> bool:
    """Whether the text can be a link's words so that they are found again."""
    return _LINK_TEXT.fullmatch(text) is not None


def end_of_link(words: str, url: str, kind: str, *, with_disclosure: bool = False) -> tuple[str, str]:
    """What stands behind a link's words in Markdown, and the link's title."""
    address = markdown_url(url)
    title = f"{kind} {_seal(words, address, kind, with_disclosure=with_disclosure)}"
    return f']({address} "{title}")', title


def href_of(url: str) -> str:
    """The address as the parser reads it where we have written it."""
    return md.parser().normalizeLink(markdown_url(url).replace("\\&", "&"))


def without_links(markdown: str) -> str:
    """The article as it was before the program put links and a disclosure into it, byte for byte."""
    plain = _unsealed(markdown)
    while plain != markdown:
        markdown, plain = plain, _unsealed(plain)
    return plain


def place_of_disclosure(markdown: str, tokens: "Iterable[Token]") -> int:
    """Before the first block that is not the title: a reader sees it before any link."""
    lines = lines_of(markdown)
    for token in tokens:
        if token.level == 0 and token.map is not None and token.tag != "h1":
            return lines[token.map[0]][0]
    return len(markdown)


def disclosure_paragraph(markdown: str) -> str:
    """The disclosure with the empty line after it, its lines ended as the article's are."""
    return DISCLOSURE + ("\r\n\r\n" if "\r\n" in markdown else "\n\n")


def is_one_link_more(linked: "Sequence[Token]", plain: "Sequence[Token]", title: str) -> bool:
    """Whether two versions of a paragraph read the same, and the first has one link of that title more."""
    more, shape = _without_titled(linked, title)
    fewer, plain_shape = _without_titled(plain, title)
    return more == fewer + 1 and shape == plain_shape


def parsed(content: str, env: MutableMapping[str, Any]) -> "Sequence[Token]":
    """A paragraph's inline tokens; `env` holds the article's link references."""
    return md.parser().parseInline(content, env)[0].children or ()


def _unsealed(markdown: str) -> str:
    if SPONSORED not in markdown and RELATED not in markdown:
        return markdown
    said = Said.of(markdown)
    env: dict[str, Any] = {}
    tokens = md.parse(said.text, env)
    cuts: list[tuple[int, int]] = []
    disclosed = False
    for paragraph in paragraphs(said.text, tokens):
        for link in _own_links(paragraph.token, env):
            first, last = paragraph.offset_in_article(link.start), paragraph.offset_in_article(link.words_end)
            cuts += [said.span(first, first + 1), said.span(last, last + link.end - link.words_end)]
            disclosed = disclosed or link.with_disclosure
    if disclosed:
        start, text = place_of_disclosure(said.text, tokens), disclosure_paragraph(said.text)
        if said.text.startswith(text, start):
            cuts.append(said.span(start, start + len(text)))
    for start, end in sorted(cuts, reverse=True):
        markdown = markdown[:start] + markdown[end:]
    return markdown


def _own_links(token: "Token", env: MutableMapping[str, Any]) -> Iterator[_OwnLink]:
    """The links in a paragraph's content that carry our seal and are links there, not a text about them."""
    content = token.content
    for match in _OURS.finditer(content):
        words, address, title = match.groups()
        kind, seal = title.split(" ")
        for with_disclosure in (False, True):
            if seal == _seal(words, address, kind, with_disclosure=with_disclosure):
                plain = content[: match.start()] + words + content[match.end() :]
                if is_one_link_more(token.children or (), parsed(plain, env), title):
                    yield _OwnLink(match.start(), match.end(1), match.end(), with_disclosure)


def _seal(words: str, address: str, kind: str, *, with_disclosure: bool) -> str:
    said = (" ".join(words.split()), Said.of(address).text, kind, "disclosed" if with_disclosure else "")
    return hashlib.sha256("\0".join(said).encode(errors="surrogatepass")).hexdigest()[:8]


def _without_titled(tokens: "Sequence[Token]", title: str) -> tuple[int, list[tuple[str, str, dict[str, Any]]]]:
    """How many links have the title, and what the tokens say besides them, neighbouring texts as one."""
    shape: list[tuple[str, str, dict[str, Any]]] = []
    count = 0
    ours: list[bool] = []  # of the links that are open, whether they have the title
    for token in tokens:
        if token.type == "link_open":
            ours.append(token.attrs.get("title") == title)
            count += ours[-1]
        if token.type in {"link_open", "link_close"} and ours[-1]:
            if token.type == "link_close":
                ours.pop()
            continue
        if token.type == "link_close":
            ours.pop()
        if token.type == "text" and shape and shape[-1][0] == "text":
            shape[-1] = ("text", shape[-1][1] + token.content, {})
        elif token.type != "text" or token.content:
            shape.append((token.type, token.content, token.attrs))
    return count, shape
