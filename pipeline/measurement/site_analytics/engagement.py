"""The engagement score of a page's day: the one definition there is.

A fraction of 1, the mean of those of three that are known, at least two of them:

- read: the mean time on the page, of the time that its words take at 238 a minute, the mean of adults reading
  non-fiction in silence (Brysbaert 2019, doi:10.1016/j.jml.2019.104047); more than all of it counts as all.
- seen: the mean scroll depth.
- stayed: 1 less the bounce rate.

None where nobody came, or where fewer than two are known. Sources that tell different ones of the three (GA4 and Matomo
no scroll depth, a log only who stayed) give different scores: those of one source are compared, with each other.
"""

from statistics import fmean
from typing import Final

WORDS_A_MINUTE: Final = 238
_LEAST: Final = 2


def engagement_score(
    *, views: int, words: int, seconds: float | None, scroll_depth: float | None, bounce_rate: float | None
) -> float | None:
    """`words` is how many the page has, `seconds` the mean time on it; rates are fractions of 1."""
    reading_seconds = 60 * words / WORDS_A_MINUTE
    parts = [
        None if seconds is None or not reading_seconds else min(1.0, seconds / reading_seconds),
        scroll_depth,
        None if bounce_rate is None else 1 - bounce_rate,
    ]
    known = [part for part in parts if part is not None]
    return fmean(known) if views and len(known) >= _LEAST else None
