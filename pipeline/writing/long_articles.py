"""Articles that one answer can't hold: written part by part, each part a call of its own.

Every part is asked with the same beginning, which providers charge less for the second time. What stands so far is
given along, so that the parts read as one. Headings are set by us, from the brief.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict

from pipeline.writing.article_rules import article_problems, part_problems
from pipeline.writing.asking import Question, ask
from pipeline.writing.base import Article, ArticleTask, Section, Text, WriterError, Written
from pipeline.writing.calls import CallBook
from pipeline.writing.endpoint import Endpoint
from pipeline.writing.prompt import OutputType, PromptTemplate, article_prompt, section_prompt
from pipeline.writing.text import escape_markdown, squeeze

TOKENS_A_WORD: Final = 2
"""English takes 1.3; long compounds and other scripts, and JSON's escapes, take more."""
_TOKENS_BESIDES: Final = 400
"""Title, descriptions and excerpt."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    content: Text


class _Opening(_Part):
    title: Text
    meta_title: Text
    meta_description: Text
    excerpt: Text


_AnyPart = TypeVar("_AnyPart", bound=_Part)


def fits_one_answer(task: ArticleTask, template: PromptTemplate) -> bool:
    return task.brief.target_word_count * TOKENS_A_WORD + _TOKENS_BESIDES <= template.most_tokens


def write_in_parts(
    endpoint: Endpoint,
    model: str,
    templates: Mapping[OutputType, PromptTemplate],
    task: ArticleTask,
    book: CallBook,
) -> Written[Article]:
    """The article, one call a section of its brief. A part that was paid for is not asked for again.

    Raises:
        WriterError: a part could not be had, or the whole is not what the brief asks for.
    """

    def asked_for(section: Section, written: str, answer_type: type[_AnyPart]) -> Written[_AnyPart]:
        question = Question(
            task="write_section",
            template=templates["article"],
            messages=_messages(templates, task, section, written),
            answer_type=answer_type,
            check=lambda part: part_problems(task, section, list(part.model_dump().values())),
        )
        return ask(endpoint, model, question, book)

    first, *others = task.brief.structure
    opening = asked_for(first, "", _Opening)
    blocks = [f"# {escape_markdown(squeeze(opening.value.title))}", *_heading(first), opening.value.content]
    for section in others:
        part = asked_for(section, "\n\n".join(blocks), _Part)
        blocks += [*_heading(section), part.value.content]
    article = Article(**{**opening.value.model_dump(), "content": "\n\n".join(blocks) + "\n"})
    if problems := article_problems(task, article):
        raise WriterError(f"the article's parts are no whole: {'; '.join(problems)}")
    return Written(article, opening.model)


def _messages(
    templates: Mapping[OutputType, PromptTemplate], task: ArticleTask, section: Section, written: str
) -> tuple[tuple[str, str], ...]:
    whole = article_prompt(templates["article"], task)
    part = section_prompt(templates["section"], task, section, written)
    # Two messages, as of every other task: many models' templates take no second of a role.
    return (("system", whole.system), ("user", f"{whole.user}\n\n{part.system}\n\n{part.user}"))


def _heading(section: Section) -> list[str]:
    return [f"## {escape_markdown(squeeze(section.title))}"] if section.type == "h2" and section.title else []
