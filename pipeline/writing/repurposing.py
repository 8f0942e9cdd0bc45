"""An article told again in another form: what a writer is given for it, and what it answers.

A form's parts are plain text and hold no link: the link to the article is added where the parts are sent. The form
`again` is one short post for an account that has told the article before; its parts are posts to choose one from.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.text.likeness import pieces, repeated, said

Format = Literal["thread", "newsletter", "carousel", "script", "again"]
FORMATS: Final[tuple[Format, ...]] = ("thread", "newsletter", "carousel", "script")
"""What a person has an article told again as, once. `again` comes by the rules of recycling, and many times."""
Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one form holds: so many parts, each so long as `measure` counts it (characters by default)."""

    fewest_parts: int
    most_parts: int
    longest_part: int
    longest_title: int
    measure: Callable[[str], int] = field(default=len, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PublishedArticle:
    """What is told again. `content` is Markdown whose first line is the title: data for the writer."""

    title: str
    content: str
    excerpt: str
    url: str


@dataclass(frozen=True, slots=True)
class RepurposeTask:
    """`language` is an ISO 639-1 code. `former` is the parts that an editor returned with `reviewer_note`. `said` is
    what must not be said again: an account's earlier posts on the article.
    """

    article: PublishedArticle
    format: Format
    limits: Limits
    vertical: str
    language: str
    voice: str = ""
    reviewer_note: str = ""
    former: Sequence[str] = ()
    said: Sequence[str] = ()


class Repurposed(BaseModel):
    """The title is a newsletter's subject and a video's title; the excerpt is a newsletter's preview text.

    The parts, in order: a thread's posts, a carousel's slides, a script's lines (the hook first, the call to read
    last), a newsletter's introduction and then its points. Of `again`, posts of which one is chosen, the best first.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: Text
    excerpt: Text
    parts: list[Text] = Field(min_length=1)


LIMITS: Final[Mapping[Format, Limits]] = {
    # X counts 280; a number ("10/10") and the link behind the last post leave 246.
    "thread": Limits(3, 10, 240, 90),
    # Past 60 characters phones cut a subject; a point longer than 300 is a paragraph.
    "newsletter": Limits(3, 8, 600, 60),
    # Instagram and LinkedIn show ten slides; the text of all must stay within a caption of 2,200.
    "carousel": Limits(4, 10, 200, 90),
    # Some 150 words a minute are spoken: about a minute in all.
    "script": Limits(3, 8, 300, 90),
    # X counts 280; the link and two hashtags take up to 80 of them.
    "again": Limits(1, 6, 200, 90),
}
"""Of each form, where the platforms it goes to set no narrower ones."""

_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)


def problems(task: RepurposeTask, answer: Repurposed) -> list[str]:
    """What is wrong with a writer's answer, in words that the writer can mend it by."""
    limits, found = task.limits, []
    if not limits.fewest_parts <= len(answer.parts) <= limits.most_parts:
        found.append(f"parts: {len(answer.parts)}, where {limits.fewest_parts} to {limits.most_parts} are taken")
    if len(answer.title) > limits.longest_title:
        found.append(f"title: {len(answer.title)} characters, where {limits.longest_title} are taken")
    for index, part in enumerate(answer.parts):
        if (used := limits.measure(part)) > limits.longest_part:
            found.append(f"parts.{index}: {used} characters, where {limits.longest_part} are taken")
        if _LINK.search(part):
            found.append(f"parts.{index}: holds a link; ours is added to it")
    return found + _repetitions(task, answer)


def _repetitions(task: RepurposeTask, answer: Repurposed) -> list[str]:
    """Empty where one of the posts is new, since one is enough."""
    before = [said(text) for text in task.said]
    if any(not any(repeated(pieces(part), words) for words in before) for part in answer.parts):
        return []
    return [f"parts.{index}: says what was said before; say something else" for index in range(len(answer.parts))]
