"""Zones, and days on which their clocks change: what hypothesis draws from."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

# Gaps of an hour, of half an hour (Lord Howe) and at midnight (Santiago, Beirut), a negative summer time (Dublin), one
# that pauses (Casablanca), quarter hours (Chatham), and none at all (Kolkata, Phoenix).
NAMES = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "America/Phoenix",
]


def transitions(name: str) -> list[date]:
    """The local days of 2026 and 2027 on which the zone's clocks change."""
    zone, day, found = ZoneInfo(name), datetime(2026, 1, 1, tzinfo=UTC), []
    while day.year < 2028:
        after = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(day.astimezone(zone).date())
        day = after
    return found


_TRANSITIONS = {name: transitions(name) or [date(2026, 3, 29), date(2026, 10, 25)] for name in NAMES}


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, date]:
    """A zone, and a day within two of a change of its clocks."""
    name = draw(st.sampled_from(NAMES))
    return name, draw(st.sampled_from(_TRANSITIONS[name])) + timedelta(days=draw(st.integers(-2, 2)))
