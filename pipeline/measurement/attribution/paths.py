"""Paths: what led a visitor to a conversion, in order of time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

SAME_VISIT: Final = timedelta(minutes=30)
"""A touch that repeats the one before within this time is the same arrival told twice, as a followed short link is
told by the link and by the page. Analytics' usual length of a visit:
https://support.google.com/analytics/answer/9191807.
"""
DIRECT: Final = "direct"
"""The channel of a conversion that nothing is known to have led to."""


@dataclass(frozen=True, slots=True)
class Touch:
    """An arrival from outside. `distribution_id` and `post_id` are None where they are not known."""

    at: datetime
    channel: str
    distribution_id: UUID | None = None
    post_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """What is credited with one conversion; never empty, the first touch first."""

    conversion_id: UUID
    occurred_at: datetime
    touches: Sequence[Touch]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a conversion says itself, as the sub-id of a network's report does.

    Attributes:
        source: what it is owed to; None where it says nothing.
        is_own_page: the source is only the page of ours where it happened: it led nobody there.
        post_id: the article it came from; of touches that name none.
    """

    source: Touch | None = None
    is_own_page: bool = False
    post_id: UUID | None = None


def path_to(conversion_id: UUID, occurred_at: datetime, touches: Iterable[Touch], evidence: Evidence) -> Path:
    """The path of a conversion: its visitor's `touches` within the look-back, in any order; last the source that it
    names itself, where they lack it. Our own page counts only where nothing else is known.
    """
    arrivals = _arrivals(touches)
    named = evidence.source
    if named is not None and not (
        (evidence.is_own_page and arrivals) or any(_same_source(named, touch) for touch in arrivals)
    ):
        arrivals.append(named)
    if not arrivals:
        arrivals = [Touch(occurred_at, DIRECT)]
    return Path(conversion_id, occurred_at, [_with_post(touch, evidence.post_id) for touch in arrivals])


def _arrivals(touches: Iterable[Touch]) -> list[Touch]:
    """In order, each visit once."""
    kept: list[Touch] = []
    latest: dict[tuple[str, UUID | None], datetime] = {}
    for touch in sorted(touches, key=lambda touch: (touch.at, touch.channel, str(touch.distribution_id))):
        source = (touch.channel, touch.distribution_id)
        before = latest.get(source)
        latest[source] = touch.at
        if before is None or touch.at - before > SAME_VISIT:
            kept.append(touch)
    return kept


def _same_source(named: Touch, touch: Touch) -> bool:
    if named.distribution_id is not None:
        return named.distribution_id == touch.distribution_id
    return named.channel == touch.channel


def _with_post(touch: Touch, post_id: UUID | None) -> Touch:
    if touch.post_id is not None or post_id is None:
        return touch
    return Touch(touch.at, touch.channel, touch.distribution_id, post_id)
