"""What an article by a model must keep to, told so that the model can mend it. Words are counted by us."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import regex  # type: ignore[import-untyped]

from pipeline.writing.base import Article, ArticleTask, Section
from pipeline.writing.prompt import word_range
from pipeline.writing.text import count_words, squeeze, words

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FENCE: Final = regex.compile(r"-{3,}\s*data\s+[0-9a-f]{8,}\b|\bdata\s+[0-9a-f]{16}\s+(?:begins|ends)\b")
ADDRESS: Final = regex.compile(r"(?:https?://|www\.)[^\s<>\"'`\\)\]]+", regex.IGNORECASE)


def article_problems(task: ArticleTask, article: Article) -> list[str]:
    """Of a whole article."""
    tokens = _parser().parse(article.content)
    titles = _headings(tokens, "h1")
    wanted = [section.title or "" for section in task.brief.structure if section.type == "h2"]
    problems = []
    if not article.content.lstrip().startswith("# ") or len(titles) != 1:
        problems.append("content: the first line must be the title as the only level-1 heading")
    sections = _headings(tokens, "h2")
    if [_bare(title) for title in sections] != [_bare(title) for title in wanted]:
        problems.append(f"content: the level-2 headings must be {_listed(wanted)}, and are {_listed(sections)}")
    texts = [article.title, article.meta_title, article.meta_description, article.excerpt]
    return [
        *problems,
        *_length_problems(tokens, task.brief.target_word_count),
        *_foreign(tokens, [article.content, *texts], task),
    ]


def part_problems(task: ArticleTask, section: Section, texts: Sequence[str]) -> list[str]:
    """Of one part of an article that is written part by part; `texts` begins with its content."""
    tokens = _parser().parse(texts[0])
    problems = []
    if _headings(tokens, "h1") or _headings(tokens, "h2"):
        problems.append("content: a part has no heading of level 1 or 2")
    return [*problems, *_length_problems(tokens, section.word_count), *_foreign(tokens, texts, task)]


def _length_problems(tokens: "Sequence[Token]", target: int) -> list[str]:
    fewest, most = word_range(target)
    counted = sum(count_words(_text_of(token)) for token in tokens if token.type in {"inline", "code_block", "fence"})
    if fewest <= counted <= most:
        return []
    return [f"content: {counted} words, where {fewest} to {most} are asked for"]


def _foreign(tokens: "Sequence[Token]", texts: Iterable[str], task: ArticleTask) -> list[str]:
    """What can only be there because a text was taken for an instruction, or was made up."""
    given = "\n".join(
        [
            *(task.source.url or "", task.source.title or "", task.source.text, task.former),
            task.brief.model_dump_json(),
            *(fact.text for fact in task.facts),
        ]
    )
    known = {_address(url) for url in ADDRESS.findall(given)}
    named = [*_destinations(tokens), *(url for text in texts for url in ADDRESS.findall(text))]
    unknown = dict.fromkeys(url for url in named if _address(url) not in known)
    problems = [f"the address {url[:200]} is in neither the source nor the brief" for url in unknown]
    if any(_FENCE.search(text) for text in texts):
        problems.append("the lines that mark data are not part of the text")
    if any(token.type in {"html_block", "html_inline"} for token in _flat(tokens)):
        problems.append("content: Markdown only, no HTML")
    return problems


def _destinations(tokens: "Sequence[Token]") -> list[str]:
    found = (token.attrGet("href") or token.attrGet("src") for token in _flat(tokens))
    return [str(destination) for destination in found if destination]


def _headings(tokens: "Sequence[Token]", tag: str) -> list[str]:
    return [
        squeeze(_text_of(tokens[index + 1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == tag
    ]


def _flat(tokens: "Iterable[Token]") -> "Iterable[Token]":
    for token in tokens:
        yield token
        yield from token.children or ()


def _text_of(token: "Token") -> str:
    if token.children is None:
        return token.content
    pieces = (" " if child.type.endswith("break") else child.content for child in token.children)
    return "".join(pieces)


def _address(url: str) -> str:
    """What two spellings of one address have in common."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    host = parts.netloc.casefold().removeprefix("www.")
    rest = f"{parts.path}?{parts.query}".rstrip(".,;:!?/")
    return f"{host}{rest}"


def _bare(title: str) -> str:
    """A heading is the same whatever its marks and capitals."""
    return " ".join(words(title.casefold()))


def _listed(titles: Sequence[str]) -> str:
    return "; ".join(titles) or "none"


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    built = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # Its rules are compiled at the first parse, and a second thread would find them half compiled.
    built.parse("*a*")
    return built
