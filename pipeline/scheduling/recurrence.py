"""The local times of a rule: RFC 5545 by python-dateutil, in naive wall-clock time. Pure.

A rule has days and times of day, or it says its hours itself (BYHOUR, FREQ=HOURLY, …) and has no times. COUNT counts
what the rule itself gives: days, where it has times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final

from dateutil.rrule import rrulestr

from pipeline import clock
from pipeline.scheduling.model import HORIZON
from pipeline.vocabulary import RecurringPattern

MOST_SLOTS: Final = 4 * 24 * HORIZON.days
"""As many as one rule may give within the horizon: one in each quarter of an hour."""

_FREQUENCIES: Final = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_OF_THE_DAY: Final = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_PATTERNS: Final = {
    "DAILY": RecurringPattern.DAILY,
    "WEEKLY": RecurringPattern.WEEKLY,
    "MONTHLY": RecurringPattern.MONTHLY,
}
_LAST_MOMENT: Final = time(23, 59, 59)


class RuleError(ValueError):
    """A rule that can't be used; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`rule` is RFC 5545 without its name, DTSTART and (where it has times) UNTIL. `ends_on` is its last day."""

    rule: str
    times: Sequence[time]
    starts_on: date
    ends_on: date | None = None


def recurrence(text: str, times: Sequence[time], starts_on: date, ends_on: date | None, zone_name: str) -> Recurrence:
    """What a person wrote, checked, and in the one form that is kept. `zone_name` is the zone of `starts_on` and of the
    times; an UNTIL in UTC becomes local to it.

    Raises:
        RuleError: it is no rule, ends before it begins, never comes, or comes too often (`MOST_SLOTS`).
    """
    if ends_on is not None and ends_on < starts_on:
        raise RuleError(f"Its last day, {ends_on}, is before its first, {starts_on}.")
    parts = _parts(text)
    says_hours = parts["FREQ"] == "HOURLY" or not _OF_THE_DAY.isdisjoint(parts)
    if says_hours and times:
        raise RuleError("The rule says its hours itself (BYHOUR, or FREQ=HOURLY); leave the times away.")
    if not says_hours and not times:
        raise RuleError("It has no time of day; write one, like 09:00.")
    unended = Recurrence("", tuple(sorted(set(times))), starts_on, ends_on)
    found = _ended(unended, parts, zone_name)
    _require_occurrences(found)
    return found


def local_times(of: Recurrence, begins: datetime, ends: datetime) -> Iterator[datetime]:
    """Its naive local times from `begins` until, and without, `ends`, oldest first."""
    last = of.ends_on or date.max
    for at in _unended(of, begins):
        if at >= ends or at.date() > last:
            return
        if at >= begins:
            yield at


def pattern(rule: str) -> RecurringPattern | None:
    """How often it comes, where it has a plain word for that."""
    parts = _split(rule)
    return _PATTERNS.get(parts["FREQ"]) if parts.get("INTERVAL", "1") == "1" else None


def _unended(of: Recurrence, begins: datetime) -> Iterator[datetime]:
    first = datetime.combine(of.starts_on, time.min)
    found = rrulestr(of.rule, dtstart=first)
    if not of.times:
        yield from found.xafter(begins, inc=True)
        return
    for day in found.xafter(datetime.combine(begins.date(), time.min), inc=True):
        for at in of.times:
            yield datetime.combine(day, at)


def _split(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.upper().replace(" ", "").removeprefix("RRULE:").split(";") if part)
    return {name: value for name, _, value in pairs}


def _parts(text: str) -> dict[str, str]:
    """Its parts, FREQ first.

    Raises: RuleError, for what RFC 5545 §3.3.10 does not allow and dateutil would let pass, hang on, or stumble over.
    """
    if "\n" in text.strip() or "DTSTART" in text.upper():
        raise RuleError("A rule is one line without DTSTART; the day it begins on is given by --from.")
    parts = _split(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise RuleError(f"FREQ must be one of {', '.join(_FREQUENCIES)}; it is {frequency or 'missing'}.")
    if not parts.get("INTERVAL", "1").isdecimal() or int(parts.get("INTERVAL", "1")) < 1:
        raise RuleError(f"INTERVAL must be a whole number from 1 on, not {parts['INTERVAL']!r}.")
    counted = any(character.isdigit() for character in parts.get("BYDAY", ""))
    if counted and frequency not in ("MONTHLY", "YEARLY"):
        raise RuleError(f"BYDAY={parts['BYDAY']} counts days, which only FREQ=MONTHLY and FREQ=YEARLY can.")
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise RuleError("BYSETPOS chooses among what another BY… gives, and there is none.")
    return {"FREQ": frequency, **parts}


def _ended(of: Recurrence, parts: dict[str, str], zone_name: str) -> Recurrence:
    """With the rule in the form that is kept: an UNTIL is local, and where the rule has times it is the last day."""
    until = parts.pop("UNTIL", None)
    if until is None:
        return replace(of, rule=_joined(parts))
    last = _until(until, zone_name)
    if not of.times:
        return replace(of, rule=_joined({**parts, "UNTIL": f"{last:%Y%m%dT%H%M%S}"}))
    if of.times[0] <= last.time() < of.times[-1]:
        raise RuleError(f"UNTIL={until} ends between two times of one day; give the last day by --until.")
    day = last.date() if of.times[-1] <= last.time() else last.date() - timedelta(days=1)
    return replace(of, rule=_joined(parts), ends_on=min(day, of.ends_on or day))


def _until(text: str, zone_name: str) -> datetime:
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - local, but for the first, which is UTC
        except ValueError:
            continue
        if form.endswith("Z"):
            return clock.local(found.replace(tzinfo=clock.zone("UTC")), zone_name)
        return found if "T" in form else datetime.combine(found, _LAST_MOMENT)
    raise RuleError(f"UNTIL={text} is no date; it looks like 20261224 or 20261224T170000Z.")


def _joined(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _require_occurrences(of: Recurrence) -> None:
    begins = datetime.combine(of.starts_on, time.min)
    try:
        # A rule that never comes is looked for up to the year 9999, which takes up to ten seconds.
        first = next(local_times(of, begins, datetime.combine(date.max, time.min)), None)
    except (ValueError, IndexError, TypeError) as error:  # what dateutil raises, by the part that it can't read
        raise RuleError(f"{of.rule} is no rule of RFC 5545: {str(error) or 'a number is out of its range'}.") from None
    if first is None:
        raise RuleError("The rule never comes: no day is in it.")
    if sum(1 for _ in islice(local_times(of, first, first + HORIZON), MOST_SLOTS + 1)) > MOST_SLOTS:
        raise RuleError(f"The rule gives more than {MOST_SLOTS} slots in {HORIZON.days} days; it may give no more.")
