"""What is sent to a platform, and what can be said of it without asking anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.platforms.media.facts import Media


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be published, already adapted to its platform; `distribution_id` is the idempotency key."""

    distribution_id: str
    body: str
    title: str | None = None
    link_url: str | None = None
    media: Sequence[Media] = ()
    platform_specific: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why the content can't be published as it is, for the person who can change it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a field of the content is, as its platform counts; `unit` names what is counted.

    `limit` is what the platform takes or shows whole, None where it names none.
    """

    field: str
    used: int
    limit: int | None
    unit: str = "characters"

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.used > self.limit
