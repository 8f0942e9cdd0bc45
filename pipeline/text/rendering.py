"""Markdown, parsed and rendered: to harmless HTML, block by block, and to the text that a reader would see. Pure."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt

from pipeline.text.marks import resolve_marks
from pipeline.text.well_formed import quickly_read

# What no platform takes in a text: controls, lone surrogates, bidirectional overrides, the byte order mark,
# noncharacters.
UNSAYABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufeff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_TAGS: Final = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "a", "img", "strong", "em", "b", "i", "s", "del", "ins", "sub"),
    *("sup", "code", "kbd", "pre", "blockquote", "q", "cite", "abbr", "mark", "ul", "ol", "li", "dl", "dt", "dd"),
    *("figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "caption"),
}
_ATTRIBUTES: Final = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}
_H1: Final = re.compile(r"<(/?)h1(?=[\s>])", re.IGNORECASE)
_BREAKS: Final = {"p", "br", "li", "tr", "pre", "dt", "dd", "blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6"}


def clean(text: str) -> str:
    """NFC, without what can't be said."""
    return unicodedata.normalize("NFC", UNSAYABLE.sub("", text))


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def blocks(markdown: str, href: Callable[[str], str] | None = None) -> list[str]:
    """The sanitised HTML of each block at the top level. The level-1 heading it opens with is left to the title.

    `href` tells where a link leads, by the address that it has in the text.

    Raises: TooDeepError: one holds HTML hundreds of elements deep.
    """
    parser = _parser()
    tokens = parser.parse(clean(markdown))
    resolve_marks(tokens)
    if tokens and tokens[0].tag == "h1":
        tokens = tokens[3:]
    found, start = [], 0
    for index, token in enumerate(tokens, start=1):
        if token.level == 0 and token.nesting <= 0:
            found.append(sanitised(parser.renderer.render(tokens[start:index], parser.options, {}), href=href))
            start = index
    return [block for block in found if text_of(block) or "<img" in block]


def between_breaks(markdown: str) -> list[list[str]]:
    """The blocks, in groups: a thematic break at the top level ends one."""
    lines = clean(markdown).split("\n")
    breaks = [token.map for token in _parser().parse("\n".join(lines)) if token.type == "hr" and token.level == 0]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(lines)]
    return [blocks("\n".join(lines[start:end])) for start, end in zip(starts, ends, strict=True)]


def sanitised(markup: str, styles: Mapping[str, str] | None = None, *, href: Callable[[str], str] | None = None) -> str:
    """Only harmless HTML, with a style for every tag that `styles` names, and links that lead where `href` says.

    A level-1 heading becomes a level-2 one: a page has one, its title.

    Raises: TooDeepError.
    """
    lowered = _H1.sub(r"<\1h2", quickly_read(markup))

    def led(tag: str, attribute: str, value: str) -> str:
        return href(value) if href is not None and (tag, attribute) == ("a", "href") else value

    harmless = nh3.clean(
        lowered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        attribute_filter=None if href is None else led,
        link_rel=None,  # the links' own rel stays: it tells the sponsored ones
        set_tag_attribute_values={tag: {"style": style} for tag, style in (styles or {}).items()},
    )
    return clean(harmless).strip()


def paragraph(text: str) -> str:
    return f"<p>{html.escape(one_line(text), quote=False)}</p>"


def text_of(markup: str, *, links: bool = False) -> str:
    """What a reader sees of sanitised HTML, one line a block; with `links`, each link's address after its words."""
    reader = _Reader(links=links)
    reader.feed(markup)
    reader.close()
    lines = (one_line(line) for line in "".join(reader.said).split("\n"))
    return "\n".join(line for line in lines if line)


def readable(body: str) -> str:
    """A version's body for people: what HTML says, on one line; any other text as it is."""
    return one_line(text_of(body)) if body.lstrip().startswith("<") else body


def plain(markdown: str) -> str:
    """The text of Markdown on one line."""
    return one_line(" ".join(text_of(block) for block in blocks(markdown)))


def inline(markdown: str) -> str:
    """The text of one line of Markdown, where `1984.` is a year and not the start of a list."""
    return one_line(text_of(sanitised(_parser().renderInline(clean(markdown)))))


@cache
def _parser() -> Any:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class _Reader(HTMLParser):
    def __init__(self, *, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._links = links
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.said.append("\n• " if tag == "li" else "\n")
        if tag == "a":
            self._open.append((dict(attrs).get("href") or "", len(self.said)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.said.append("\n")
        elif tag in ("td", "th"):
            self.said.append(" ")
        if tag == "a" and self._open:
            address, start = self._open.pop()
            if self._links and address and address != "".join(self.said[start:]).strip():
                self.said.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        self.said.append(data.replace("\n", " "))
