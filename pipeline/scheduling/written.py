"""Times as people write and read them: "tue,thu 09:00,17:30", "1,last 12:00", "2tue 09:00". Pure.

Weekdays are English, three letters or more. A day with a number before it is counted within the month ("2tue",
"lastfri"); a number alone is a day of the month.
"""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from pipeline.scheduling.recurrence import RuleError

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHORT: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FREQUENCIES: Final = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY"}
_COUNTED: Final = re.compile(r"(?P<number>[1-5]|last)(?P<day>[a-z]{3,})")
_DAYS_IN_MONTH: Final = 31
_LETTERS: Final = 3
_RUN: Final = 3
"""How many one after another are told by the first and the last."""


def rule_of(when: str, every: str | None) -> tuple[str, list[time]]:
    """The RFC 5545 rule and the times of "[DAYS] TIMES". `every` is "day", "2 weeks", …; without it the days tell:
    weekdays come each week, days of the month each month, and no days are all days.

    Raises:
        RuleError: one of them can't be read.
    """
    days, times = _split(when)
    by, natural = _by(days)
    interval, unit = _every(every or natural)
    if by and unit != natural:
        raise RuleError(f"{days!r} comes each {natural}; --every says {unit}.")
    parts = [f"FREQ={_FREQUENCIES[unit]}", *([f"INTERVAL={interval}"] if interval > 1 else []), *([by] if by else [])]
    return ";".join(parts), clock_times(times)


def clock_times(text: str) -> list[time]:
    """Raises: RuleError, for what is no list of times like 09:00,17:30."""
    return [clock_time(part) for part in text.split(",")]


def clock_time(text: str) -> time:
    """Raises: RuleError, for what is no time of day, or is finer than minutes."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if match is None:
        raise RuleError(f"{text.strip()!r} is no time of day; write it like 09:00.")
    return time(int(match[1]), int(match[2]))


def weekdays(text: str) -> list[int]:
    """The numbers, 0 for Monday, of "mon,wed", "mon-fri", "fri-mon", in the order of the week.

    Raises:
        RuleError: a part is no day of the week.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        begins = _weekday(first)
        length = (_weekday(last) - begins) % 7 if dash else 0
        found.update((begins + n) % 7 for n in range(length + 1))
    return sorted(found)


def told_days(days: Sequence[int]) -> str:
    """The days of the week, 0 for Monday, as a person reads them: "Mon-Fri", "Tue, Thu", "every day"."""
    if len(days) == len(_DAYS):
        return "every day"
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(_told_run([_SHORT[day] for day in run]) for run in runs)


def told_times(times: Sequence[time]) -> str:
    """As a person reads them; full hours one after another as "07:00-22:00 hourly"."""
    hourly = [time(hour) for hour in range(times[0].hour, times[-1].hour + 1)] if times else []
    if len(times) > _RUN and list(times) == hourly:
        return f"{times[0]:%H:%M}-{times[-1]:%H:%M} hourly"
    return ", ".join(f"{at:%H:%M}" for at in times)


def told_rule(rule: str, times: Sequence[time]) -> str:
    """The rule as a person reads it; one that `rule_of` could not have written is told in the words of RFC 5545."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    frequency, by = parts.pop("FREQ"), parts.pop("BYDAY", None) or parts.pop("BYMONTHDAY", None)
    every = int(parts.pop("INTERVAL", "1"))
    unit = next((unit for unit, code in _FREQUENCIES.items() if code == frequency), None)
    days = _told_by(by, frequency) if by else ""
    if parts or unit is None or days is None or not times:
        return f"{rule} {told_times(times)}".strip()
    often = f"every {every} {unit}s" if every > 1 else "" if days else f"every {unit}"
    return " ".join(part for part in (days, often, told_times(times)) if part)


def _told_run(days: Sequence[str]) -> str:
    return f"{days[0]}-{days[-1]}" if len(days) >= _RUN else ", ".join(days)


def _told_by(by: str, frequency: str) -> str | None:
    """None: not what `rule_of` writes."""
    parts = by.split(",")
    if frequency == "WEEKLY" and all(part in _CODES for part in parts):
        return told_days([_CODES.index(part) for part in parts])
    if frequency != "MONTHLY":
        return None
    told = [_told_in_month(part) for part in parts]
    return None if None in told else f"on the {', '.join(part for part in told if part)} of the month"


def _told_in_month(part: str) -> str | None:
    if part == "-1":
        return "last day"
    if part.isdecimal():
        return f"{int(part)}."
    match = re.fullmatch(r"(-1|[1-5])(\w\w)", part)
    if match is None or match[2] not in _CODES:
        return None
    return f"{'last' if match[1] == '-1' else f'{match[1]}.'} {_SHORT[_CODES.index(match[2])]}"


def _split(when: str) -> tuple[str, str]:
    """Its days, if any, and its times: the first word with a colon begins the times."""
    *days, times = re.sub(r"\s*([,-])\s*", r"\1", when.strip()).split() or [""]
    if ":" not in times or len(days) > 1:
        raise RuleError(f'{when!r} says no times; write them like "tue,thu 09:00,17:30".')
    return "".join(days).lower(), times


def _by(days: str) -> tuple[str, str]:
    """The rule's part for the days, and the unit that they come in."""
    if not days:
        return "", "day"
    parts = days.split(",")
    in_month = [part for part in parts if part == "last" or part.isdecimal()]
    counted = [match for part in parts if (match := _COUNTED.fullmatch(part))]
    if len(in_month) == len(parts):
        return f"BYMONTHDAY={','.join(_month_day(part) for part in parts)}", "month"
    if len(counted) == len(parts):
        return f"BYDAY={','.join(_counted_day(match) for match in counted)}", "month"
    if in_month or counted:
        raise RuleError(f"{days!r} mixes days of the week with days of the month; make two rules of it.")
    return f"BYDAY={','.join(_CODES[day] for day in weekdays(days))}", "week"


def _month_day(part: str) -> str:
    if part == "last":
        return "-1"
    if not 1 <= int(part) <= _DAYS_IN_MONTH:
        raise RuleError(f"{part!r} is no day of a month.")
    return str(int(part))


def _counted_day(match: re.Match[str]) -> str:
    number = "-1" if match["number"] == "last" else match["number"]
    return f"{number}{_CODES[_weekday(match['day'])]}"


def _every(text: str) -> tuple[int, str]:
    match = re.fullmatch(r"(?:([1-9]\d?) )?(day|week|month)s?", text.strip().lower())
    if match is None:
        raise RuleError(f'{text!r} is not day, week or month, nor something like "2 weeks".')
    return int(match[1] or 1), match[2]


def _weekday(text: str) -> int:
    name = text.strip().lower()
    found = [number for number, day in enumerate(_DAYS) if len(name) >= _LETTERS and day.startswith(name)]
    if len(found) != 1:
        raise RuleError(f"{text.strip()!r} is no day of the week; write mon, tue, …, sun.")
    return found[0]


def local_window(begins: str, ends: str | None) -> tuple[datetime, datetime]:
    """The naive local times of what a person wrote as days or times. A day as the end is in it whole; without an end it
    is the one day.

    Raises:
        RuleError: one can't be read, has an offset, or the end is not after the beginning.
    """
    first = _local(begins)
    if ends is None and not _is_day(begins):
        raise RuleError(f"{begins!r} is a moment; say until when as well.")
    last_text = ends or begins
    last = _local(last_text) + timedelta(days=_is_day(last_text))
    if last <= first:
        raise RuleError(f"{last_text!r} is not after {begins!r}.")
    return first, last


def _local(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RuleError(f"{text!r} is no day or time; write it like 2026-12-24 or 2026-12-24T18:00.") from None
    if found.tzinfo is not None:
        raise RuleError(f"{text!r} has an offset; leave it away, the time is local.")
    return found


def _is_day(text: str) -> bool:
    return ":" not in text and "T" not in text.upper()
