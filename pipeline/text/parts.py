"""A text in parts (a thread's posts, a carousel's slides) as one Markdown: a thematic break between each two. Pure."""

from collections.abc import Sequence

from pipeline.text import rendering

_BREAK = "\n\n---\n\n"


def joined(parts: Sequence[str]) -> str:
    """Parts that are Markdown themselves, as one text."""
    return _BREAK.join(part.strip() for part in parts) + "\n"


def parts_of(markdown: str) -> list[str]:
    """What a reader sees of each part, its paragraphs with a blank line between; without empty parts."""
    return [text for part in rendering.between_breaks(markdown) if (text := _text(part))]


def _text(blocks: Sequence[str]) -> str:
    return "\n\n".join(text for block in blocks if (text := rendering.text_of(block, links=True)))
