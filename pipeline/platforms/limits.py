"""What an answer's headers say about how much more the platform takes, and from when. Pure."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from pipeline.platforms.base import Quota

_WINDOWS: Final = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour", "x-ratelimit", "ratelimit")
"""X's: calls of the route in 15 minutes, then what the user and the app may post in a day. Mastodon's; Bluesky's."""


def quota(headers: Mapping[str, str]) -> Quota | None:
    """The tightest of the windows that are told: the smallest remainder, of equal ones the later reset."""
    return min(_windows(headers), key=lambda each: (each.remaining, -each.resets_at.timestamp()), default=None)


def retry_time(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to ask again, in the platform's words; None where it gives none that can be read.

    Reads `Retry-After` (seconds or an HTTP date, RFC 9110 10.2.3) and the reset (epoch seconds or ISO 8601) of the
    window that is used up, or of `x-rate-limit` where none is said to be. Where several are given, the latest holds.
    """
    found = httpx.Headers(headers)
    used_up: list[datetime | None] = [each.resets_at for each in _windows(found) if each.remaining == 0]
    told = [
        _retry_after(found.get("retry-after", ""), now),
        *(used_up or [_reset(found.get("x-rate-limit-reset", ""))]),
    ]
    return max((moment for moment in told if moment is not None), default=None)


def _windows(headers: Mapping[str, str]) -> Iterator[Quota]:
    found = httpx.Headers(headers)
    for name in _WINDOWS:
        remaining, resets_at = _number(found.get(f"{name}-remaining", "")), _reset(found.get(f"{name}-reset", ""))
        if remaining is not None and resets_at is not None:
            yield Quota(max(0, int(remaining)), resets_at)


def _retry_after(text: str, now: datetime) -> datetime | None:
    seconds = _number(text)
    try:
        if seconds is not None:
            return now + timedelta(seconds=max(0.0, seconds))
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _reset(text: str) -> datetime | None:
    seconds = _number(text)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
