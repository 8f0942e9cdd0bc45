"""Articles as the writer gave them, kept by what they were written from: the same input is never paid for twice."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol, runtime_checkable

import sqlalchemy as sa

from pipeline.editorial import budget, hashing
from pipeline.editorial.items import analysis_of, source_of
from pipeline.editorial.markdown import reading_minutes, word_count
from pipeline.store import posts
from pipeline.store.database import transaction
from pipeline.store.stories import Story
from pipeline.vocabulary import ContentType
from pipeline.writing.base import ArticleTask, Brief, Writer
from pipeline.writing.prompt import OutputType, PromptTemplate
from pipeline.writing.voice import VoiceProfile


@runtime_checkable
class Templated(Protocol):
    """A writer that writes by templates: which ones is part of what an article is made from."""

    templates: Mapping[OutputType, PromptTemplate]


def article(
    engine: sa.Engine, writer: Writer, story: Story, brief: Brief, *, note: str = "", former: str = ""
) -> sa.RowMapping:
    """The row of `generated_content` for this input, written now or by an earlier run.

    Args:
        engine: the database.
        writer: who writes it.
        story: what it is about.
        brief: what it is to say.
        note: what an editor wants changed.
        former: the text that the note is about.

    Raises:
        WriterError: no usable answer; every call made is on the books. A BudgetExceededError where none is allowed.
    """
    task = ArticleTask(
        source=source_of(story),
        brief=brief,
        facts=analysis_of(story).facts,
        vertical=story.vertical,
        voice=VoiceProfile.of(story.voice_profile).told(),
        reviewer_note=note,
        former=former,
    )
    templates = [writer.templates[name] for name in ("article", "section")] if isinstance(writer, Templated) else []
    input_hash = _input_hash(story, writer, task, templates)
    with engine.connect() as connection:
        earlier = posts.generated_from(connection, input_hash)
    if earlier is not None:
        return earlier
    book = budget.book(engine, vertical_id=story.vertical_id, canonical_id=story.canonical_id)
    written = writer.write_article(task, book)
    length = word_count(written.value.content)
    with transaction(engine, budget.ACTOR) as connection:
        return posts.keep_generated(
            connection,
            {
                **written.value.model_dump(),
                "source_content_id": story.content_id,
                "template_id": templates[0].id if templates else None,
                "content_type": ContentType.GENERATED,
                "word_count": length,
                "reading_time": reading_minutes(length),
                "metadata": {"canonical_id": story.canonical_id, "target_word_count": brief.target_word_count},
                "model": written.model,
                "input_hash": input_hash,
            },
        )


def _input_hash(story: Story, writer: Writer, task: ArticleTask, templates: list[PromptTemplate]) -> str:
    """Of everything the answer depends on."""
    return hashing.content_hash(
        {
            "content": str(story.content_id),
            "model": writer.model,
            "templates": [{**asdict(t), "id": None, "name": None, "version": None} for t in templates],
            "task": asdict(task)
            | {"brief": task.brief.model_dump(mode="json"), "facts": [fact.model_dump() for fact in task.facts]},
        }
    )
