"""What an instant is worth to a version. Pure.

A version's value is that of its hour, times that of the slot's type, times how fresh it still is, times how varied the
account's topics stay. All factors but the hour's are our own judgement; what was learned comes in by the hours.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from pipeline.timing import DEFAULT_HOURS, PostingHour
from pipeline.vocabulary import SlotType

GOOD_HOUR: Final = 1.0
"""What an hour is worth that a platform's defaults name as a good one; learned values are relative to it."""

OTHER_HOUR: Final = 0.5
"""What an hour is worth of which nothing is known."""

OF_TYPE: Final[Mapping[SlotType, float]] = {SlotType.PRIME: 1.25, SlotType.REGULAR: 1.0, SlotType.TEST: 0.9}
"""A test slot is there to learn from: it is taken before a clearly worse hour, and after an equal regular one."""

TIMELY_HALF_LIFE: Final = timedelta(days=2)
"""Of what will be of no use any more at some time."""

ORDINARY_HALF_LIFE: Final = timedelta(days=7)
"""Long enough that a post waits two or three days for a good hour, and not for the week after."""

EVERGREEN_HALF_LIFE: Final = timedelta(days=60)

STALE: Final = 0.1
"""What stays of a version's freshness however late it is: late is better than never."""

REPEATED_TOPIC: Final = 0.9
"""The factor where the account had the topic within its vertical's topic gap before."""

STAYING: Final = 1.05
"""The factor for the instant that a version has already: a move must gain something."""


def default_hours(platform: str) -> dict[PostingHour, float]:
    """What the hours of a local week are worth where nothing was learned of an account; for `AccountCalendar.values`.

    Empty for a platform of which no good hours are known: there all hours are alike.
    """
    return dict.fromkeys(DEFAULT_HOURS.get(platform, ()), GOOD_HOUR)


def explores(distribution_id: UUID, share: float) -> bool:
    """Whether a version is of the share that tries hours to learn from them; it is, or is not, for as long as it lives.

    By a hash of its id, and not by chance: planning asks again and again.
    """
    return int.from_bytes(hashlib.blake2b(distribution_id.bytes, digest_size=8).digest()) < share * 2**64


def half_life(*, is_evergreen: bool, is_timely: bool) -> timedelta:
    """After how long a version is worth half of what it was worth at once."""
    if is_evergreen:
        return EVERGREEN_HALF_LIFE
    return TIMELY_HALF_LIFE if is_timely else ORDINARY_HALF_LIFE
