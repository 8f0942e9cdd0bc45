"""Local wall-clock times and instants. One rule for the two days a year on which they disagree.

A local time that the clocks skip (spring) is moved forward by the length of the gap; one that they repeat (autumn) is
its first occurrence. This is what RFC 5545 §3.3.5 prescribes for calendars.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class TimeError(ValueError):
    """A time that can't be used; the message says why and what would be accepted."""


def zone(name: str) -> ZoneInfo:
    """Raises: TimeError, for a name that is not in the IANA list."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise TimeError(
            f"{name!r} is not an IANA time zone; one looks like Europe/Berlin or America/New_York."
        ) from None


def instant(local: datetime, zone_name: str) -> datetime:
    """The UTC instant of a naive local time in a zone; see the module's rule for skipped and repeated times.

    Raises:
        TimeError: the zone is unknown.
    """
    # fold=0: for a repeated time its first occurrence; for a skipped one the offset before the gap, which moves it
    # forward by the gap's length.
    return local.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)


def parse(text: str, zone_name: str) -> datetime:
    """The UTC instant that a person wrote: ISO 8601, local to the zone unless it carries an offset of its own.

    Raises:
        TimeError: it is not a time, or the zone is unknown.
    """
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        raise TimeError(f"{text!r} is not a time; write it like 2026-11-23 09:00 or 2026-11-23T09:00+01:00.") from None
    return written.astimezone(UTC) if written.tzinfo else instant(written, zone_name)


def local(moment: datetime, zone_name: str) -> datetime:
    """The naive wall-clock time of an instant in a zone."""
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def told(moment: datetime, zone_name: str) -> str:
    """The wall-clock time of an instant in a zone, to the minute, as people are told it: 2026-11-23 09:00."""
    return f"{local(moment, zone_name):%Y-%m-%d %H:%M}"
