"""How many follow an account, and how many came and went, as far as a platform tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AudienceDay:
    """Who came and who went on one day, as the platform counts days; None is unknown, 0 a measured zero."""

    day: date
    gained: int | None
    lost: int | None


@dataclass(frozen=True, slots=True)
class Audience:
    """`followers` as of the answer; None where the account hides them.

    `days` are those that the platform tells of, each once: their figures come late and are corrected later.
    """

    followers: int | None
    days: Sequence[AudienceDay] = ()
