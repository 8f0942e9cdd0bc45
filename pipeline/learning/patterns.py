"""Whether a publication followed a pattern: what a pattern's template can say, and how it is read. Pure.

Timing patterns hold posting hours (`store.posting_hours`); a publication followed one if it went out in an hour that is
worth a good hour or more. Every other type (hook, length, hashtags, media and what else people name) holds conditions
on the version as it went out, in one language:

    {"version": 1, "all": [{"feature": "hashtags", "at_most": 3}, {"feature": "hook", "is_one_of": ["question"]}]}

"all" or "any" of its conditions. A condition names a feature, and `at_least` and `at_most` (inclusive) of a number, or
`is_one_of` of a word.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline import clock
from pipeline.store import posting_hours
from pipeline.timing import PostingHour

GOOD: Final = 1.0
"""What an hour of a timing pattern is worth at least for a publication to have followed it."""

_ADDRESS: Final = re.compile(r"https?://\S+")
_HASHTAG: Final = re.compile(r"(?<![\w&/])#\w*[^\W\d_]\w*")
_MENTION: Final = re.compile(r"(?<![\w./])@\w+")
_WORD: Final = re.compile(r"\w+(?:['\u2019-]\w+)*")
_VIDEO: Final = (".mp4", ".mov", ".webm", ".m4v")
_AUDIO: Final = (".mp3", ".m4a", ".ogg", ".opus", ".wav")


class PatternError(Exception):
    """A template can't be read; the message says what of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A version as it went out, and when; `timezone` is its account's."""

    title: str | None
    body: str
    media: tuple[str, ...]
    link: str | None
    published_at: datetime
    timezone: str

    @property
    def hour(self) -> PostingHour:
        """Of its account's week."""
        here = clock.local(self.published_at, self.timezone)
        return PostingHour(here.isoweekday() % 7, here.hour)


def followed(pattern_type: str, template: Any, sent: Sent) -> bool | None:
    """None where the pattern holds nothing to follow: hours that are not learned yet.

    Raises:
        PatternError: the template says something else.
    """
    if pattern_type == posting_hours.PATTERN_TYPE:
        hours = posting_hours.parsed(template)
        if hours is None:
            raise PatternError("it does not hold posting hours")
        return hours.values.get(sent.hour, 0.0) >= GOOD if hours.values else None
    try:
        return _Template.model_validate(template).holds(sent)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PatternError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def _opening(sent: Sent) -> str:
    return next((line for line in sent.body.splitlines() if line.strip()), "").strip()


def _hook(sent: Sent) -> str:
    """The kind of its first line: question, number (it begins with one), quotation, or statement."""
    opening = _opening(sent)
    if opening[:1] in "\"'\u201c\u2018\u00ab\u201e":
        return "quotation"
    if opening[:1].isdigit():
        return "number"
    words = _HASHTAG.sub("", _ADDRESS.sub("", opening)).rstrip(" \t*_")
    return "question" if words.endswith("?") else "statement"


def _media(sent: Sent) -> str:
    """none, image, images, video or audio."""
    if not sent.media:
        return "none"
    kinds = [url.split("?")[0].lower() for url in sent.media]
    if any(each.endswith(_VIDEO) for each in kinds):
        return "video"
    if any(each.endswith(_AUDIO) for each in kinds):
        return "audio"
    return "image" if len(kinds) == 1 else "images"


_NUMBERS: Final[Mapping[str, Callable[[Sent], int]]] = {
    "characters": lambda sent: len(sent.body),
    "words": lambda sent: len(_WORD.findall(_ADDRESS.sub("", sent.body))),
    "lines": lambda sent: sum(bool(line.strip()) for line in sent.body.splitlines()),
    "hook_words": lambda sent: len(_WORD.findall(_ADDRESS.sub("", _opening(sent)))),
    "title_characters": lambda sent: len(sent.title or ""),
    "hashtags": lambda sent: len(_HASHTAG.findall(_ADDRESS.sub("", sent.body))),
    "mentions": lambda sent: len(_MENTION.findall(_ADDRESS.sub("", sent.body))),
    "links": lambda sent: len({*_ADDRESS.findall(sent.body), *([sent.link] if sent.link else [])}),
    "media_count": lambda sent: len(sent.media),
}
_WORDS: Final[Mapping[str, Callable[[Sent], str]]] = {"hook": _hook, "media": _media}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Numeric(_Strict):
    feature: Literal[
        "characters",
        "words",
        "lines",
        "hook_words",
        "title_characters",
        "hashtags",
        "mentions",
        "links",
        "media_count",
    ]
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"{self.feature} needs at_least or at_most")
        return self

    def holds(self, sent: Sent) -> bool:
        number = _NUMBERS[self.feature](sent)
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


class _Verbal(_Strict):
    feature: Literal["hook", "media"]
    is_one_of: Annotated[list[str], Field(min_length=1)]

    def holds(self, sent: Sent) -> bool:
        return _WORDS[self.feature](sent) in self.is_one_of


_Condition = Annotated[_Numeric | _Verbal, Field(discriminator="feature")]


class _Template(_Strict):
    version: Literal[1]
    all: Annotated[list[_Condition], Field(min_length=1)] | None = None
    any: Annotated[list[_Condition], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.all is None) == (self.any is None):
            raise ValueError('it needs either "all" or "any"')
        return self

    def holds(self, sent: Sent) -> bool:
        if self.all is not None:
            return all(condition.holds(sent) for condition in self.all)
        return any(condition.holds(sent) for condition in self.any or ())
