"""An article, taken apart once for all checks: headings, passages with their sentences and words, links, pictures."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pipeline.editorial import markdown as md
from pipeline.editorial.seo.language import Language, language_of
from pipeline.editorial.seo.sentences import split
from pipeline.text.marks import SPONSORED, mark_of
from pipeline.writing.text import words as words_in_any_script

if TYPE_CHECKING:
    from markdown_it.token import Token

Kind = Literal["paragraph", "list item", "quotation", "table cell"]

# Letters that make words the plain way: no marks that combine, no script without spaces.
_PLAIN = re.compile(r"[\x00-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u2bff]*")
_WORD = re.compile(r"[^\W_]++(?:['.-][^\W_]++)*+")
_FIRST_WORDS = 6
_LONGEST_QUOTE = 50


@dataclass(frozen=True, slots=True)
class SeoInput:
    """`base_url` is where the vertical's pages live: links to it are internal."""

    title: str | None
    content: str | None
    meta_title: str | None = None
    meta_description: str | None = None
    target_keyword: str | None = None
    base_url: str | None = None
    slug: str | None = None
    language: str | None = "en"
    """ISO 639-1."""
    keyphrase_used_by: Sequence[str] = ()
    """The vertical's other posts that have this target keyword, as a person would look them up."""
    other_pages: int | None = None
    """How many other pages of the vertical there are to link to; None where nobody counted them."""
    attached_pictures: Sequence[str] = ()
    """The alternative texts of the pictures that go with the post, besides those in its text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    words: Sequence[str]
    """In lower case, with a straight apostrophe."""

    @property
    def quoted(self) -> str:
        return first_words(self.text)


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, a list's item, a quotation's paragraph, or a table's cell."""

    kind: Kind
    number: int
    """Among its kind, from 1."""
    section: int
    """How many headings stand before it."""
    sentences: Sequence[Sentence]
    word_count: int

    @property
    def is_prose(self) -> bool:
        """Our own running text: quotations are somebody else's, and a table is not read as sentences."""
        return self.kind in {"paragraph", "list item"}

    @property
    def place(self) -> str:
        return self.place_of(self.sentences[0])

    def place_of(self, sentence: Sentence) -> str:
        return f"{self.kind} {self.number}: {sentence.quoted}"


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    line: int
    words: Sequence[str]

    @property
    def place(self) -> str:
        return f"line {self.line}: {first_words(self.text)}" if self.text else f"line {self.line}"


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    is_followed: bool
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Picture:
    """`place` says which one it is; `alt` is its alternative text."""

    alt: str
    place: str


@dataclass(slots=True)
class Document:
    post: SeoInput
    language: Language
    headings: list[Heading] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    has_text: bool = False
    """Whether there is anything to read, headings and code included."""
    word_count: int = 0
    """Of the passages: headings, code, notes (the disclosure, a credit) and raw HTML are not the article's body."""

    def sentences(self) -> Iterator[tuple[Passage, Sentence]]:
        for passage in self.passages:
            for sentence in passage.sentences:
                yield passage, sentence

    def prose(self) -> Iterator[tuple[Passage, Sentence]]:
        for passage in self.passages:
            if passage.is_prose:
                for sentence in passage.sentences:
                    yield passage, sentence

    @property
    def subheadings(self) -> list[Heading]:
        return [heading for heading in self.headings if heading.level > 1]

    def at_least(self, words: int) -> int:
        """A number of words, in the language's own: twice as many characters where a character is counted as a word.

        Yoast's figures for Japanese are twice its figures for other languages.
        """
        return words if self.language.has_spaces else 2 * words


def prepare(post: SeoInput) -> Document:
    """Parse and take apart. Never raises, whatever the texts hold."""
    document = Document(post, language_of(post.language))
    document.pictures = [
        Picture(alt.strip(), f"attached picture {at}") for at, alt in enumerate(post.attached_pictures, 1)
    ]
    _Reader(document).read(md.parse(post.content or ""))
    return document


def words(text: str) -> list[str]:
    """The words in lower case; in scripts without spaces each character is one."""
    lower = text.lower().replace("’", "'")  # noqa: RUF001 - a typographic apostrophe
    return _WORD.findall(lower) if lower.isascii() or _PLAIN.fullmatch(lower) else words_in_any_script(lower)


def first_words(text: str) -> str:
    """The beginning of a text in quotation marks, for a person to find it by."""
    kept = " ".join(text.split(maxsplit=_FIRST_WORDS)[:_FIRST_WORDS])[:_LONGEST_QUOTE]
    return f"“{kept}…”" if len(kept) < len(" ".join(text.split())) else f"“{kept}”"


class _Reader:
    """One walk over the tokens."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._numbers: dict[Kind, int] = {"paragraph": 0, "list item": 0, "quotation": 0, "table cell": 0}
        self._quotations = self._items = 0
        self._line = 1

    def read(self, tokens: "Sequence[Token]") -> None:
        before = None
        for token in tokens:
            if token.type in {"blockquote_open", "blockquote_close"}:
                self._quotations += token.nesting
            elif token.type in {"list_item_open", "list_item_close"}:
                self._items += token.nesting
            elif token.type == "inline" and before is not None:
                self._line = token.map[0] + 1 if token.map else self._line
                self._block(before, token)
            elif token.type in {"fence", "code_block"} and token.content.strip():
                self._document.has_text = True
            before = token

    def _block(self, before: "Token", token: "Token") -> None:
        document, line = self._document, self._line
        text = self._inline(token.children or [])
        document.has_text = document.has_text or bool(text.strip())
        if before.type == "heading_open":
            text = " ".join(text.split())
            document.headings.append(Heading(int(before.tag[1:]), text, line, words(text)))
        elif text.strip() and not _is_note(token.children or []):
            self._passage(self._kind(before), text)

    def _kind(self, before: "Token") -> Kind:
        if before.type != "paragraph_open":
            return "table cell"
        return "quotation" if self._quotations else "list item" if self._items else "paragraph"

    def _passage(self, kind: Kind, text: str) -> None:
        document = self._document
        parts = ((part, words(part)) for part in split(text, document.language))
        sentences = [Sentence(part, found) for part, found in parts if found]
        if not sentences:
            return  # signs only
        count = sum(len(sentence.words) for sentence in sentences)
        self._numbers[kind] += 1
        document.passages.append(Passage(kind, self._numbers[kind], len(document.headings), sentences, count))
        document.word_count += count

    def _inline(self, children: "Sequence[Token]") -> str:
        """The text of a block, on one line; its links and pictures are kept on the way."""
        parts: list[str] = []
        opened: tuple[Token, int] | None = None
        for child in children:
            kind = child.type
            if kind in {"text", "code_inline", "text_special"}:
                parts.append(child.content)
            elif kind in {"softbreak", "hardbreak"}:
                parts.append(" ")
                self._line += 1
            elif kind == "link_open":
                opened = child, len(parts)
            elif kind == "link_close" and opened is not None:
                self._link(opened[0], "".join(parts[opened[1] :]))
                opened = None
            elif kind == "image":
                self._picture(child)
        return "".join(parts)

    def _link(self, token: "Token", text: str) -> None:
        href, followed = str(token.attrs.get("href") or ""), mark_of(token) != SPONSORED
        self._document.links.append(Link(href, followed, " ".join(text.split()), self._line))

    def _picture(self, token: "Token") -> None:
        alt = " ".join(md.inline_text(token).split())
        self._document.pictures.append(Picture(alt, f"line {self._line}: the picture {token.attrs.get('src')}"))


def _is_note(children: "Sequence[Token]") -> bool:
    """All in emphasis: a disclosure, a credit, a remark of ours."""
    return len(children) > 2 and children[0].type == "em_open" and all(child.level for child in children[1:-1])  # noqa: PLR2004 - it, its end, and what is between
