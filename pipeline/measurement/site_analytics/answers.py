"""Reading the numbers in vendors' answers, which come as numbers, as text, or not at all."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final

from pipeline.measurement.site_analytics.source import PageDay, Reading, misunderstood
from pipeline.platforms.failures import CallError

_WHOLE: Final = 100.0


@contextmanager
def understood(vendor: str) -> Iterator[None]:
    """For asking a vendor and reading its answer.

    Raises:
        PlatformUnavailableError: it gave none, or one of another form.
    """
    try:
        yield
    except CallError as failure:
        raise failure.unavailable() from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise misunderstood(f"{vendor}'s answer is not of the form that its documentation promises") from error


Row = tuple[str, date, Callable[[], PageDay]]
"""A page as the vendor spells it, a day, and what reads their figures."""


def readable(rows: Iterable[Row], incomplete: frozenset[date] = frozenset()) -> Reading:
    """What of the rows can be read. One page's figures that are none leave the other pages'."""
    days: list[PageDay] = []
    garbled: set[tuple[str, date]] = set()
    for path, day, read in rows:
        try:
            days.append(read())
        except (KeyError, TypeError, ValueError):
            garbled.add((path, day))
    return Reading(days, incomplete, frozenset(garbled))


def count(value: Any) -> int:
    """Raises: ValueError, TypeError: not a whole number of at least 0."""
    number = float(value)
    if not number.is_integer() or number < 0:
        raise ValueError(value)
    return int(number)


def mean(value: Any) -> float | None:
    """Raises: ValueError, TypeError: neither null nor a number of at least 0."""
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(value)
    return number


def percent(value: Any) -> float | None:
    """A fraction of 1. Raises: ValueError, TypeError."""
    number = mean(value)
    return None if number is None else number / _WHOLE


def iso_day(value: Any) -> date:
    """Raises: ValueError, TypeError."""
    return date.fromisoformat(value)


def compact_day(value: Any) -> date:
    """Of 20260131. Raises: ValueError, TypeError."""
    return datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 - a day, of no zone
