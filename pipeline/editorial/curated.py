"""A page from elsewhere that an editor points readers to: our comment, a short quotation, credit and link.

The post's canonical address is its own: it is a page about another page, not a copy of it, and naming the original as
canonical would tell search engines that there is nothing of ours to find. The original is named by the credit, which
stands in the text and, for machines, in the post's `credit`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipeline.editorial import budget, duplicates, hashing
from pipeline.editorial.arrivals import OPEN, Arrival, ArrivalError, lock_vertical, seen_of
from pipeline.editorial.new_post import insert_post
from pipeline.editorial.permissions import Action, PermissionDeniedError, require
from pipeline.editorial.quotation import QuotationError, chosen_quotation, quoted
from pipeline.editorial.seo import check_post
from pipeline.editorial.web_page import PageError, WebPage, read_page, same_page
from pipeline.store import curated, manual_posts, posts
from pipeline.store.database import transaction
from pipeline.store.manual_posts import Home
from pipeline.store.users import User
from pipeline.text.rendering import plain
from pipeline.vocabulary import ContentType, PostStatus
from pipeline.writing import offline
from pipeline.writing.base import ArticleTask, Brief, Section, Source, Writer
from pipeline.writing.text import clip, escape_markdown, markdown_url
from pipeline.writing.voice import VoiceProfile

_COMMENT_WORDS: Final = 120
"""What a writer is asked for: enough to say what the page is about and why it matters, too little to replace it."""
_EXCERPT_LIMIT: Final = 240


@dataclass(frozen=True, slots=True)
class Choice:
    """What an editor chose, and says of it. `vertical` is a slug; None is the only one there is.

    Without a `comment` (Markdown) the writer's summary is one. Without a `quotation` (the page's own words) the first
    sentence that can be read alone is; an empty one is none. Without a `title` the page's is.
    """

    url: str
    vertical: str | None = None
    comment: str | None = None
    quotation: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class _Find:
    """The page, and the post that it is to become."""

    home: Home
    page: WebPage
    choice: Choice
    quotation: str

    @property
    def canonical_id(self) -> str:
        return f"{self.home.slug}-{hashlib.sha256(f'{self.home.id}:{self.page.url}'.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class _Comment:
    """`model` is the one that wrote it; None where the editor did."""

    text: str
    model: str | None


def curate(engine: sa.Engine, writer: Writer, person: User, choice: Choice, *, allow_private: bool = False) -> Arrival:
    """Make a post about the page, as a draft; its versions are the planner's to write.

    A vertical has one post about a page: the same page again changes nothing. `allow_private` lifts the refusal of
    private addresses.

    Raises:
        ArrivalError: the page can't be used, the quotation is too long or is none, or the person is no writer.
        WriterError: the writer was to comment and gave no usable answer; every call made is on the books.
    """
    try:
        require(person, Action.WRITE)
        with transaction(engine, person.full_name) as connection:
            home = lock_vertical(connection, choice.vertical)
            existing = _existing(connection, home, choice.url)
        if existing is None:
            page = read_page(choice.url, reader=home.base_url, allow_private=allow_private)
            quotation = chosen_quotation(page.text, page.language or home.language, choice.quotation)
            existing = _brought_in(engine, writer, person, _Find(home, page, choice, quotation))
    except (PageError, PermissionDeniedError, QuotationError) as error:
        raise ArrivalError(str(error)) from None
    if existing.status in OPEN:
        check_post(engine, existing.canonical_id)
    return existing


def _existing(connection: sa.Connection, home: Home, url: str) -> Arrival | None:
    canonical_id = curated.post_of_page(connection, home.slug, same_page(url))
    known = manual_posts.known(connection, canonical_id) if canonical_id else None
    return Arrival(canonical_id, known.status, is_new=False) if canonical_id and known else None


def _brought_in(engine: sa.Engine, writer: Writer, person: User, find: _Find) -> Arrival:
    """Raises: ArrivalError, WriterError."""
    with engine.connect() as connection:
        existing = _existing(connection, find.home, find.page.url)
    if existing is not None:  # another address led to a page that is there
        return existing
    comment = _comment(engine, writer, find)
    with transaction(engine, person.full_name) as connection:
        lock_vertical(connection, find.home.slug)
        return _existing(connection, find.home, find.page.url) or _store(connection, person, find, comment)


def _comment(engine: sa.Engine, writer: Writer, find: _Find) -> _Comment:
    """The editor's own words, or the writer's on the page's facts. Raises: ArrivalError, WriterError."""
    own, page, home = find.choice.comment, find.page, find.home
    if own is not None:
        if not own.strip():
            raise ArrivalError("The comment is empty: say in your own words why readers should see the page.")
        return _Comment(own.strip(), None)
    if writer.model == offline.MODEL:
        raise ArrivalError(
            "The offline writer can only repeat a page's own sentences, which is no comment: say in your own words why "
            "readers should see it, with --comment or --file."
        )
    source = Source(page.text, page.title, page.url, page.publisher, page.language)
    book = budget.book(engine, vertical_id=home.id, canonical_id=find.canonical_id)
    analysis = writer.analyse(source, book).value
    brief = Brief(
        topic=page.title,
        target_keyword=next(iter(analysis.topics), page.title),
        secondary_keywords=[],
        target_word_count=_COMMENT_WORDS,
        structure=[Section(type="intro", word_count=_COMMENT_WORDS)],
        tone="a recommendation to readers: what the page is about, and why it is worth their time",
    )
    voice = VoiceProfile.of(home.voice_profile).told()
    written = writer.write_article(ArticleTask(source, brief, analysis.facts, home.name, voice), book)
    heading, _, rest = written.value.content.lstrip().partition("\n")
    return _Comment((rest if heading.startswith("# ") else written.value.content).strip(), written.model)


def _store(connection: sa.Connection, person: User, find: _Find, comment: _Comment) -> Arrival:
    page = find.page
    content_id = curated.keep_page(connection, find.home.id, find.home.slug, _row(find))
    title = " ".join((find.choice.title or page.title).split())
    parts = (f"# {escape_markdown(title)}", comment.text, quoted(find.quotation), credit_line(page))
    values = {
        "canonical_id": find.canonical_id,
        "vertical_id": find.home.id,
        "author_id": person.id if comment.model is None else posts.ensure_writer(connection),
        "content_type": ContentType.CURATED,
        "ai_generated": comment.model is not None,
        "ai_model": comment.model,
        "source_content_id": content_id,
        "credit": {"publisher": page.publisher, "author": page.author, "url": page.url, "license": page.license},
    }
    excerpt = clip(plain(comment.text), _EXCERPT_LIMIT)
    insert_post(connection, seen_of(title, "\n\n".join(filter(None, parts)) + "\n", excerpt, None), values)
    told_already = duplicates.group(connection, content_id)
    return Arrival(find.canonical_id, PostStatus.DRAFT, is_new=True, same_story=told_already)


def credit_line(page: WebPage) -> str:
    """Who published it, who wrote it, where it is, and under which license where it names one."""
    author = f", {escape_markdown(page.author)}" if page.author else ""
    licensed = f" ({escape_markdown(page.license)})" if page.license else ""
    link = f"[{escape_markdown(page.title)}]({markdown_url(page.url)})"
    return f"*{link}. {escape_markdown(page.publisher)}{author}{licensed}*"


def _row(find: _Find) -> Mapping[str, Any]:
    """The page as `raw_content` has it. Its whole text is kept for checking ours against it; nobody is shown it."""
    page = find.page
    return {
        "external_id": page.url,
        "account": urlsplit(page.url).hostname,
        "title": page.title,
        "caption": page.text,
        "url": page.url,
        "author": page.author,
        "language": page.language,
        "posted_at": page.published and f"{page.published}T00:00:00Z",
        "content_hash": hashing.content_hash(asdict(page)),
        "raw": {**asdict(page), "named": same_page(find.choice.url)},
        "canonical_id": find.canonical_id,
    }
