"""A date as an account has it by its own clock, which twice a year is shorter or longer than 24 hours. Pure."""

from datetime import date, datetime, time, timedelta
from typing import Final

from pipeline import clock

DAY: Final = timedelta(days=1)


def bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a date begins and ends in a zone."""
    begins, ends = (clock.instant(datetime.combine(each, time()), zone_name) for each in (day, day + DAY))
    return begins, ends


def odd_hours(day: date, zone_name: str) -> float | None:
    """How many hours the date has in a zone whose clocks change on it; None where it has 24."""
    begins, ends = bounds(day, zone_name)
    return None if ends - begins == DAY else (ends - begins) / timedelta(hours=1)
