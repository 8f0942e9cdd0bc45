"""When an account's clock says that nothing is planned: quiet hours, blackouts and holidays as spans of instants. Pure.

Where the clocks repeat an hour, a span lasts until its end comes for the second time; where they skip one, a beginning
or an end within it is the instant of the skip. So every instant that a clock on the wall would call closed is closed.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final

from pipeline import clock
from pipeline.scheduling.model import Span

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


class HolidayError(ValueError):
    """A country or a part of one whose holidays are not known; the message names those that are."""


def quiet(
    days: Collection[int], begins: time, ends: time, zone_name: str, window: tuple[datetime, datetime]
) -> Iterator[Span]:
    """The spans of quiet hours that touch the window. `days` are those on which they begin, 0 for Sunday; `ends` that
    is not after `begins` is on the next day.
    """
    reason = f"quiet hours {begins:%H:%M}-{ends:%H:%M}"
    for day in _local_days(window, zone_name):
        if day.isoweekday() % 7 in days:
            until = day if ends > begins else day + _DAY
            yield from _closed(datetime.combine(day, begins), datetime.combine(until, ends), reason, zone_name, window)


def blackout(
    begins: datetime, ends: datetime, reason: str, zone_name: str, window: tuple[datetime, datetime]
) -> Iterator[Span]:
    """The span of naive local times, where it touches the window."""
    yield from _closed(begins, ends, reason, zone_name, window)


def holiday(country: str, subdivision: str | None, zone_name: str, window: tuple[datetime, datetime]) -> Iterator[Span]:
    """The public holidays, whole local days, that touch the window.

    Raises:
        HolidayError: see `require_holidays`.
    """
    require_holidays(country, subdivision)
    for day in _local_days(window, zone_name):
        name = _holidays(country, subdivision, day.year).get(day)
        if name is not None:
            morning = datetime.combine(day, time.min)
            yield from _closed(morning, morning + _DAY, name, zone_name, window)


def require_holidays(country: str, subdivision: str | None) -> None:
    """Raises: HolidayError, where the `holidays` library has no such country, or it has no such part."""
    known = _supported()
    if country not in known:
        raise HolidayError(
            f"No holidays are known of {country!r}; a country is its two letters in ISO 3166, like DE or US."
        )
    if subdivision is not None and subdivision not in known[country]:
        parts = ", ".join(known[country]) or "none"
        raise HolidayError(f"No part of {country} is called {subdivision!r}; there are: {parts}.")


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order of time; what overlaps or adjoins is one span, with the reasons of its parts, each once."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.begins, each.ends, each.reason)):
        if found and span.begins <= found[-1].ends:
            last = found.pop()
            reasons = dict.fromkeys([*last.reason.split("; "), *span.reason.split("; ")])
            found.append(Span(last.begins, max(last.ends, span.ends), "; ".join(reasons)))
        else:
            found.append(span)
    return found


def _closed(
    begins: datetime, ends: datetime, reason: str, zone_name: str, window: tuple[datetime, datetime]
) -> Iterator[Span]:
    first, last = _first(begins, zone_name), _last(ends, zone_name)
    if first < last and first < window[1] and last > window[0]:
        yield Span(first, last, reason)


def _first(local: datetime, zone_name: str) -> datetime:
    """The first instant at which the clock shows the time, or has gone past it by skipping."""
    found = clock.instant(local, zone_name)
    return _skip(local, zone_name) if clock.local(found, zone_name) != local else found


def _last(local: datetime, zone_name: str) -> datetime:
    """The last such instant."""
    first = clock.instant(local, zone_name)
    if clock.local(first, zone_name) != local:
        return _skip(local, zone_name)
    return local.replace(tzinfo=clock.zone(zone_name), fold=1).astimezone(UTC)


def _skip(local: datetime, zone_name: str) -> datetime:
    """The instant, to the second, at which the clock skips a local time that it never shows."""
    before = local.replace(tzinfo=clock.zone(zone_name), fold=1).astimezone(UTC)
    after = clock.instant(local, zone_name)
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if clock.local(middle, zone_name) < local:
            before = middle
        else:
            after = middle
    return after


def _local_days(window: tuple[datetime, datetime], zone_name: str) -> Iterator[date]:
    """The days whose spans can touch the window: a day longer on both sides."""
    day = clock.local(window[0], zone_name).date() - _DAY
    while day <= clock.local(window[1], zone_name).date() + _DAY:
        yield day
        day += _DAY


@cache
def _supported() -> dict[str, list[str]]:
    from holidays.utils import list_supported_countries

    return list_supported_countries()


@cache
def _holidays(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    from holidays.utils import country_holidays

    return dict(country_holidays(country, subdiv=subdivision, years=year, language="en_US"))
