"""Stored items as the writer takes them."""

from typing import Protocol

from pipeline.store.stories import Story
from pipeline.writing.base import Analysis, Source


class Item(Protocol):
    @property
    def title(self) -> str | None: ...
    @property
    def caption(self) -> str: ...
    @property
    def description(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def publisher(self) -> str: ...
    @property
    def language(self) -> str | None: ...


def source_of(item: Item) -> Source:
    """Caption and description as one text; either may be empty or say what the other says."""
    caption, description = item.caption.strip(), (item.description or "").strip()
    texts = [caption] if description in caption else [description] if caption in description else [caption, description]
    return Source(
        text="\n\n".join(texts),
        title=item.title,
        url=item.url,
        publisher=item.publisher.replace("_", " "),
        language=item.language,
    )


def analysis_of(story: Story) -> Analysis:
    return Analysis.model_validate(
        {
            "topics": story.topics,
            "facts": story.facts,
            "hook_strength": story.hook_strength,
            "language": story.analysed_language,
            "entities": story.entities,
        }
    )
