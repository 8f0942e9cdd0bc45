"""Figures that grow with a publication's age and level off; the same question at the same age has the same answer.

Each publication draws its fate from a hash of its id, so a restart changes nothing and no figure ever shrinks.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_OPENED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When the sandbox's accounts were opened."""


def followers(platform: str, now: datetime) -> int:
    """How many follow the sandbox's account there: a few more every day."""
    account = Growth(platform, now - _OPENED)
    return round(account.final("followers", 500, 5_000) + account.final("a day", 1, 9) * (account.age // _DAY))


@dataclass(frozen=True, slots=True)
class Growth:
    """The figures of one publication at one age."""

    publication: str
    age: timedelta

    def share(self, figure: str, total: float, low: float, high: float) -> int:
        """A part of a final `total`, ending between the two fractions of it; never more than `total` has reached."""
        return math.floor(total * (low + (high - low) * self._draw(figure)) * self.reached())

    def final(self, figure: str, low: float, high: float) -> float:
        """Where a count ends: between `low` and `high`, more often nearer to `low`."""
        return low * math.exp(math.log(high / low) * self._draw(figure))

    def reached(self) -> float:
        """The fraction of its final reach that a publication has at its age: half of it after two to twelve hours."""
        half_life = timedelta(hours=2 + 10 * self._draw("half-life"))
        return 1 - math.exp2(-self.age / half_life)

    def _draw(self, figure: str) -> float:
        digest = hashlib.sha256(f"{self.publication}/{figure}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64
