"""What a reviewer is told about an article's links: disclosed, marked, not too many, and where they belong."""

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.editorial.links.insertion import MOST_AFFILIATE_LINKS, MOST_INTERNAL_LINKS
from pipeline.editorial.links.seals import DISCLOSURE, href_of
from pipeline.text.marks import RELATED, SPONSORED, links, mark_of

if TYPE_CHECKING:
    from markdown_it.token import Token

_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_WORDS_SHOWN = 6
_OPENED = {"blockquote_open": "quotation", "table_open": "table"}
_CLOSED = {"blockquote_close", "table_close"}


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of text: where it is, for a person, and what it is."""

    token: "Token"
    kind: str
    place: str

    def count(self, mark: str) -> int:
        return sum(mark_of(link) == mark for link in links([self.token]))


def audit(markdown: str, affiliate_urls: Collection[str] = ()) -> list[Finding]:
    """The findings on an article's links, good ones too, in a fixed order. Pure; never raises.

    Args:
        markdown: the article with its links.
        affiliate_urls: addresses that lead to a product; a link to one must carry the mark, whoever set it.
    """
    tokens = md.parse(markdown)
    blocks = list(_blocks(tokens))
    return [
        _disclosure(blocks),
        *_unmarked(blocks, tokens, affiliate_urls),
        _number(blocks, SPONSORED, "affiliate links", MOST_AFFILIATE_LINKS),
        _number(blocks, RELATED, "internal links we set", MOST_INTERNAL_LINKS),
        *_crowded(blocks),
        *_misplaced(blocks),
    ]


def _disclosure(blocks: Sequence[_Block]) -> Finding:
    check = "affiliate disclosure"
    disclosed = next((n for n, block in enumerate(blocks) if _reads(block) == DISCLOSURE.strip("*")), None)
    first = next((n for n, block in enumerate(blocks) if block.count(SPONSORED)), None)
    if first is None and disclosed is None:
        return Finding(check, "good", "There is no sponsored link, so nothing to disclose.", "", "content")
    if first is None:
        message = "It says that it contains affiliate links, and there is none."
        return Finding(check, "improvement", message, "Take the disclosure out.", blocks[disclosed or 0].place)
    if disclosed is not None and disclosed < first:
        return Finding(check, "good", "The disclosure stands before the first sponsored link.", "", "content")
    message = "No disclosure stands before the first sponsored link."
    return Finding(check, "blocking", message, f"Put this line below the title: {DISCLOSURE}", blocks[first].place)


def _unmarked(blocks: Sequence[_Block], tokens: "Sequence[Token]", urls: Collection[str]) -> Iterator[Finding]:
    """Links to products that readers and search engines would not be told of as paid."""
    check, hrefs = "affiliate links marked", {href_of(url) for url in urls}
    found = [
        block.place
        for block in blocks
        if any(link.attrs.get("href") in hrefs and mark_of(link) != SPONSORED for link in links([block.token]))
    ]
    message, advice = "A link to a product is not marked as sponsored.", f'Write it as [words](address "{SPONSORED}").'
    for place in found:
        yield Finding(check, "blocking", message, advice, place)
    leading = hrefs.union(urls)
    in_html = [
        _line(token)
        for token, markup in _html(tokens)
        if leading.intersection(_ADDRESS.findall(html.unescape(markup))) and "sponsored" not in markup
    ]
    for place in in_html:
        yield Finding(check, "blocking", "HTML leads to a product; its link carries no mark.", advice, place)
    if not found and not in_html:
        said = "Every link to a product is marked as sponsored." if urls else "Sponsored links carry their relations."
        yield Finding(check, "good", said, "", "content")


def _number(blocks: Sequence[_Block], mark: str, what: str, most: int) -> Finding:
    count = sum(block.count(mark) for block in blocks)
    if count <= most:
        return Finding(f"number of {what}", "good", f"{count} of at most {most}.", "", "content")
    advice = f"Take {count - most} out; those that matter least to the reader."
    return Finding(f"number of {what}", "improvement", f"{count} of at most {most}.", advice, "content")


def _crowded(blocks: Sequence[_Block]) -> Iterator[Finding]:
    for block in blocks:
        if block.count(SPONSORED) > 1:
            message = f"{block.count(SPONSORED)} affiliate links in one paragraph."
            yield Finding("affiliate links in a paragraph", "improvement", message, "Keep one.", block.place)


def _misplaced(blocks: Sequence[_Block]) -> Iterator[Finding]:
    for block in blocks:
        if block.kind != "paragraph" and block.count(SPONSORED):
            message = f"An affiliate link stands in a {block.kind}."
            yield Finding("place of affiliate links", "improvement", message, "Link it in the text.", block.place)


def _blocks(tokens: "Sequence[Token]") -> Iterator[_Block]:
    number, inside = 0, [""]
    for before, token in pairwise(tokens):
        if before.type in _OPENED:
            inside.append(_OPENED[before.type])
        elif before.type in _CLOSED:
            inside.pop()
        if token.type != "inline":
            continue
        number += before.type == "paragraph_open"
        kind = "heading" if before.type == "heading_open" else inside[-1] or "paragraph"
        yield _Block(token, kind, _place(token, kind, number))


def _place(token: "Token", kind: str, number: int) -> str:
    words = md.inline_text(token).split()
    opening = " ".join(words[:_WORDS_SHOWN]) + ("…" if len(words) > _WORDS_SHOWN else "")
    return f"paragraph {number}: “{opening}”" if kind == "paragraph" else f"{kind}: “{opening}”"


def _reads(block: _Block) -> str:
    return md.inline_text(block.token).strip()


def _html(tokens: "Sequence[Token]") -> "Iterator[tuple[Token, str]]":
    for token in tokens:
        if token.type == "html_block":
            yield token, token.content
        markup = "".join(child.content for child in token.children or () if child.type == "html_inline")
        if markup:
            yield token, markup


def _line(token: "Token") -> str:
    return f"line {token.map[0] + 1}" if token.map else "content"
