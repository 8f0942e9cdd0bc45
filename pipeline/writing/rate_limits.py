"""How long an endpoint that is at its rate limit says to wait, and how much of that is waited for on the spot."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

UNTOLD: Final = timedelta(minutes=1)
"""Where nothing is told: most limits are counted by the minute."""
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_MOST_PAUSES: Final = 3
_UNITS: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)")


class Waits:
    """The pauses of one question: three, of half a minute at the most."""

    def __init__(self) -> None:
        self._left = _MOST_PAUSES

    def next(self, told: timedelta | None) -> float | None:
        """Seconds to wait now; None where nothing was told, or it is too long, or waiting did not help."""
        if told is None or told > _LONGEST_PAUSE or self._left == 0:
            return None
        self._left -= 1
        return told.total_seconds()


def told(headers: Mapping[str, str]) -> timedelta | None:
    """From Retry-After (seconds or a date), retry-after-ms, or the reset of the limit that is used up.

    OpenAI and those who imitate it tell `x-ratelimit-remaining-requests: 0` with `x-ratelimit-reset-requests: 6m0s`,
    and the same of `tokens`.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return timedelta(milliseconds=milliseconds)
    if (after := headers.get("retry-after")) is not None:
        seconds = _number(after)
        return _until(after) if seconds is None else timedelta(seconds=seconds)
    resets = [
        _duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if _number(headers.get(f"x-ratelimit-remaining-{what}")) == 0
    ]
    return max((reset for reset in resets if reset is not None), default=None)


def _number(text: str | None) -> float | None:
    """Not negative, and no more than a day: beyond that it is no answer to a call."""
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value <= _UNITS["d"] * 1000 else None


def _until(date: str) -> timedelta | None:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return None
    return max(at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC), timedelta(0))


def _duration(text: str) -> timedelta | None:
    """`6m0s`, `1.5s`, `20ms`."""
    parts = _DURATION.findall(text)
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts)) if parts else None
