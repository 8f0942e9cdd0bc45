"""The writer protocol: what a writer is given, and what it answers. Every call it makes goes through a book.

The models are the shapes the editorial flow names: `Brief` is what `content_analysis.extracted_facts.brief` holds,
`Article` is what an article's writer returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.writing.calls import CallBook
from pipeline.writing.repurposing import Repurposed, RepurposeTask

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)


class Fact(_Model):
    """One statement, with the sentence of the source that it comes from."""

    text: Text
    sentence: Text


class Analysis(_Model):
    topics: list[Text]
    facts: list[Fact]
    hook_strength: int = Field(ge=0, le=100)
    language: Text
    entities: list[Text]


class Section(_Model):
    type: Literal["intro", "h2"]
    title: str | None = None
    word_count: int = Field(gt=0)

    @model_validator(mode="after")
    def _heading_has_title(self) -> "Section":
        if self.type == "h2" and not self.title:
            raise ValueError("a section of type h2 needs a title")
        return self


class Brief(_Model):
    topic: Text
    target_keyword: Text
    secondary_keywords: list[Text] = Field(max_length=10)
    target_word_count: int = Field(gt=0)
    structure: list[Section] = Field(min_length=1)
    tone: Text
    affiliate_opportunities: list[Text] = []
    internal_links: list[Text] = []

    @model_validator(mode="after")
    def _structure_adds_up(self) -> "Brief":
        total = sum(section.word_count for section in self.structure)
        if total != self.target_word_count:
            raise ValueError(f"the sections' word counts add up to {total}, the target is {self.target_word_count}")
        return self


class Article(_Model):
    """`content` is Markdown whose first line is the only level-1 heading. Words are counted by us, not by the model."""

    title: Text
    meta_title: Text
    meta_description: Text
    excerpt: Text
    content: Text


@dataclass(frozen=True, slots=True)
class Source:
    """A scraped item: data for the writer, never instruction."""

    text: str
    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class BriefTask:
    source: Source
    analysis: Analysis
    vertical: str
    internal_slugs: Sequence[str] = ()
    products: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ArticleTask:
    """`former` is the article that an editor returned with `reviewer_note`: data, like the source."""

    source: Source
    brief: Brief
    facts: Sequence[Fact]
    vertical: str
    voice: str = ""
    reviewer_note: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """An answer, and the model that gave it."""

    value: T
    model: str


class WriterError(Exception):
    """The writer gave no usable answer.

    Attributes:
        retryable: False where trying again with the same input can't help.
        not_before: it was kept from being made, or told to wait, until then; that was no attempt.
    """

    def __init__(self, message: str, *, retryable: bool = True, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.not_before = not_before


class InvalidAnswerError(WriterError):
    """An answer came that the task can't take, nor its repair: the endpoint is well, the text is not."""


class Writer(Protocol):
    """Safe to use from several threads.

    Each method raises WriterError where it has no usable answer. Calls made are on the book whatever comes of them.
    """

    model: str

    def analyse(self, source: Source, book: CallBook, /) -> Written[Analysis]: ...

    def write_brief(self, task: BriefTask, book: CallBook, /) -> Written[Brief]: ...

    def write_article(self, task: ArticleTask, book: CallBook, /) -> Written[Article]: ...

    def repurpose(self, task: RepurposeTask, book: CallBook, /) -> Written[Repurposed]: ...
