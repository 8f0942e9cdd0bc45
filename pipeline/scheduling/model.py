"""What planning reasons about: accounts with their calendars, posts to be placed, and what comes of it. Pure.

Instants are UTC; a local time always has its zone beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pipeline.scheduling.pace import Pace
from pipeline.timing import PostingHour, Timing
from pipeline.vocabulary import SlotType

HORIZON: Final = timedelta(days=56)
"""How far ahead the calendar has slots, and so how far ahead a post can be placed."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A free entry of an account's calendar that planning may take. `campaign_id`: kept for that campaign's posts."""

    at: datetime
    slot_type: SlotType = SlotType.REGULAR
    campaign_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What an account will publish, or has published lately, and planning does not move."""

    at: datetime
    post_id: UUID | None
    story: str | None
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """From `begins` until, and without, `ends`."""

    begins: datetime
    ends: datetime
    reason: str


def covering(spans: Iterable[Span], at: datetime) -> Span | None:
    """The first span that an instant lies in."""
    return next((span for span in spans if span.begins <= at < span.ends), None)


@dataclass(frozen=True, slots=True)
class AccountCalendar:
    """An account as planning sees it.

    `sent` are its attempts that count against its limits, `booked` what stands, `slots` what is free, each oldest
    first. `values` is what an hour of its local week is worth, learned or its platform's default; an hour that is not
    there is worth what `scheduling.values` says of an hour nothing is known of. `drawn` is the same for the share
    `exploring` of its versions, which try hours to learn from them. `hours` are the only ones that its versions may
    have, `hours_of` those of single distributions, whose experiment tries them; None is any. `closed` are quiet hours
    and blackouts within the horizon: no slot lies in one, and a time that follows from another's (simultaneous,
    staggered) must not.
    """

    id: UUID
    key: str
    platform: str
    timezone: str
    is_home: bool
    pace: Pace = field(default_factory=Pace)
    sent: Sequence[datetime] = ()
    booked: Sequence[Booked] = ()
    slots: Sequence[Slot] = ()
    values: Mapping[PostingHour, float] = field(default_factory=dict)
    drawn: Mapping[PostingHour, float] = field(default_factory=dict)
    exploring: float = 0.0
    hours: frozenset[PostingHour] | None = None
    hours_of: Mapping[UUID, frozenset[PostingHour]] = field(default_factory=dict)
    closed: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Manners:
    """How a vertical's posts keep apart.

    `site_buffer`: between two posts on the home. `story_spacing`: between two accounts that tell the same story, where
    the timing does not say otherwise (simultaneous, staggered). `topic_gap`: between two posts of one account that
    share a topic; worth something, but no condition.
    """

    site_buffer: timedelta = timedelta(hours=1)
    story_spacing: timedelta = timedelta(minutes=30)
    topic_gap: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Version:
    """A version to be placed. `present` is where it stands now, None where it has no time yet."""

    distribution_id: UUID
    account_id: UUID
    present: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A post whose versions are to be placed together.

    Not before `earliest`, and before `deadline`, after which it is of no use. `home_at` is when its home goes out, or
    went, where that is not to be placed here. `story` is the same for posts that tell the same; `window` is its
    campaign's.
    """

    canonical_id: str
    versions: Sequence[Version]
    timing: Timing
    earliest: datetime
    story: str
    post_id: UUID | None = None
    home_at: datetime | None = None
    deadline: datetime | None = None
    window: Span | None = None
    campaign_id: UUID | None = None
    topics: frozenset[str] = frozenset()
    is_evergreen: bool = False
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Placement:
    """A version and its instant. `why` says for a person what decided, the weightiest first."""

    canonical_id: str
    distribution_id: UUID
    account_id: UUID
    at: datetime
    value: float
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A version without an instant, and what stands against each that there was, for a person."""

    canonical_id: str
    distribution_id: UUID
    account_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for all items together. `value` is the sum over the placements; `greedy_value` is what taking
    the items one by one, each at its best, would have come to.
    """

    placements: Sequence[Placement]
    unplaced: Sequence[Unplaced]
    value: float
    greedy_value: float
