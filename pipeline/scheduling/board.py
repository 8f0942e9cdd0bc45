"""One account's instants while times are chosen: what each is worth, and which are open. Pure.

Instants are whole microseconds after the planning's `now`.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline import clock
from pipeline.scheduling import values
from pipeline.scheduling.model import AccountCalendar
from pipeline.scheduling.pace import departures
from pipeline.timing import PostingHour
from pipeline.vocabulary import SlotType

Instants = NDArray[np.int64]
Positions = NDArray[np.intp]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]

MICROSECOND: Final = timedelta(microseconds=1)
ANYBODY: Final = -1
"""Whose slot it is where it is no campaign's; a campaign is its number."""

QUOTA: Final = "the quota that its platform reported"
_NO_SLOT: Final = -2
_HOUR: Final = 60 * 60 * 10**6
_QUARTER: Final = _HOUR // 4
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` instants within any span shorter than `width`; `said` names it for a person."""

    most: int
    width: int
    said: str


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` instants after `begins` and before `ends`."""

    begins: int
    ends: int
    most: int


class Clockwork:
    """Instants as numbers, and the hour of the local week that each lies in."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        # By quarters: zones are whole quarters of an hour from UTC, and change by them.
        self._hours: dict[tuple[str, int], PostingHour] = {}
        self._since_quarter = (now.minute % 15 * 60 + now.second) * 10**6 + now.microsecond

    def number(self, moment: datetime) -> int:
        return (moment - self.now) // MICROSECOND

    def moment(self, number: int) -> datetime:
        return self.now + timedelta(microseconds=number)

    def hour(self, number: int, zone: str) -> PostingHour:
        key = (zone, (number + self._since_quarter) // _QUARTER)
        found = self._hours.get(key)
        if found is None:
            here = clock.local(self.moment(number), zone)
            found = self._hours[key] = PostingHour(here.isoweekday() % 7, here.hour)
        return found


class Board:
    """What can still be had on an account.

    `at` are its instants, oldest first, and the other arrays follow it. `open`: in no closed span, taken by nothing,
    and within the account's limits with all that is there already. `picks` are the positions of its slots and of the
    instants that its own versions hold at present; `of_picks` takes them out of an array.
    """

    def __init__(
        self,
        calendar: AccountCalendar,
        clockwork: Clockwork,
        *,
        own: Instants,
        following: Sequence[Instants],
        buffer: timedelta,
        topic_gap: timedelta,
        campaigns: Mapping[UUID, int],
    ) -> None:
        """`own`: its slots and its versions' present instants. `following`: where others' instants put versions here.
        `buffer`: what lies between any two of its posts, beside its own limits.
        """
        self.calendar = calendar
        self.at: Instants = np.unique(np.concatenate([own, *following]))
        self.picks: Positions = np.searchsorted(self.at, own)
        # A view, where an array of positions would copy.
        self._of_picks: Positions | slice = slice(None) if len(own) == len(self.at) else self.picks
        self._order: list[int] = self.at.tolist()
        self._clockwork = clockwork
        self._within: dict[frozenset[PostingHour], Flags] = {}
        self._weigh(clockwork, campaigns)
        self._decay: dict[tuple[timedelta, bool], Numbers] = {}
        self._fresh: dict[tuple[int, timedelta, bool], Numbers] = {}
        self._slots_for: dict[int, Flags] = {}
        self._topic_gap = topic_gap // MICROSECOND
        self.limits = _limits(calendar, buffer)
        self.quota = _quota(calendar, clockwork)
        self._stand(clockwork)
        self.clear()

    def clear(self) -> None:
        """Give everything back that was taken."""
        self.taken = list(self._standing)
        self._topics = {topic: list(numbers) for topic, numbers in self._standing_topics.items()}
        self._variety: dict[str, Numbers] = {}
        self.open: Flags = np.ones(len(self.at), np.bool_)
        self._reopen(slice(0, len(self.at)))

    def of_picks(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[self._of_picks]

    def position(self, number: int) -> int:
        """Of the first instant that is not before it."""
        return bisect_left(self._order, number)

    def number(self, position: int) -> int:
        return self._order[position]

    def has(self, number: int) -> bool:
        position = bisect_left(self._order, number)
        return position < len(self._order) and self._order[position] == number

    def between(self, begins: int, ends: int) -> slice:
        """The positions from `begins` until, and without, `ends`."""
        return slice(bisect_left(self._order, begins), bisect_left(self._order, ends))

    def slots_for(self, campaign: int) -> Flags:
        """Which instants are slots that a post of the campaign, or of none (`ANYBODY`), may pick."""
        if campaign not in self._slots_for:
            self._slots_for[campaign] = (self.owner == ANYBODY) | (self.owner == campaign)
        return self._slots_for[campaign]

    def within(self, distribution_id: UUID) -> Flags | None:
        """Which instants lie in the hours that a distribution is limited to; None where it is to none."""
        hours = self.calendar.hours_of.get(distribution_id, self.calendar.hours)
        if hours is None:
            return None
        if hours not in self._within:
            zone = self.calendar.timezone
            lies = (self._clockwork.hour(number, zone) in hours for number in self._order)
            self._within[hours] = np.fromiter(lies, np.bool_, len(self._order))
        return self._within[hours]

    def fresh_worth(self, since: int, half_life: timedelta, *, explores: bool = False) -> Numbers:
        """What each instant is worth to something that grows stale from `since` on; means nothing before that. Not to
        be changed by who gets it. `explores`: by what the hours were drawn to be worth.
        """
        key = (since, half_life, explores)
        if key not in self._fresh:
            if len(self._fresh) >= _KEPT:
                self._fresh.clear()
            # Two arrays and a number instead of an exponential for each version.
            decay = self._decay_of(half_life, explores=explores)
            self._fresh[key] = values.STALE * self.worths[explores] + self._undecayed(since, half_life) * decay
        return self._fresh[key]

    def fresh_worth_at(self, position: int, since: int, half_life: timedelta, *, explores: bool = False) -> float:
        """`fresh_worth` of one instant."""
        decayed = self._undecayed(since, half_life) * float(self._decay_of(half_life, explores=explores)[position])
        return values.STALE * float(self.worths[explores][position]) + decayed

    def variety(self, topics: Iterable[str]) -> Numbers | None:
        """The factor of each instant for what its account had within the topic gap before; None where all are 1."""
        found = None
        for topic in topics:
            if topic not in self._topics:
                continue
            mine = self._variety_of(topic)
            found = mine if found is None else np.minimum(found, mine)
        return found

    def variety_at(self, position: int, topics: Iterable[str]) -> float:
        """`variety` of one instant."""
        had = [float(self._variety_of(topic)[position]) for topic in topics if topic in self._topics]
        return min(had, default=1.0)

    def take(self, position: int, topics: Iterable[str]) -> None:
        number = self._order[position]
        insort(self.taken, number)
        self.open[position] = False
        for limit in self.limits:
            place = bisect_left(self.taken, number)
            self._close_runs(place - limit.most + 1, place + 1, limit)
        self._close_by_quota()
        for topic in topics:
            self._topics.setdefault(topic, []).append(number)
            if topic in self._variety:
                self._mark(topic, number)

    def give_back(self, position: int, topics: Iterable[str]) -> None:
        number = self._order[position]
        self.taken.remove(number)
        for topic in topics:
            self._topics[topic].remove(number)
            self._variety.pop(topic, None)
        reach = max((limit.width for limit in self.limits), default=1)
        # A quota that was used up had closed all until its end.
        self._reopen(self.between(number - reach, number + reach) if self.quota is None else slice(0, len(self.at)))

    def breaks(self, number: int) -> str | None:
        """The limit that one more at this instant would break, in words."""
        for limit in self.limits:
            place = bisect_left(self.taken, number)
            for first in range(max(0, place - limit.most), min(place, len(self.taken) - limit.most) + 1):
                run = self.taken[first : first + limit.most]
                if max(run[-1], number) - min(run[0], number) < limit.width:
                    return limit.said
        if self.quota is not None and number < self.quota.ends and self._quota_left() <= 0:
            return QUOTA
        return None

    def _weigh(self, clockwork: Clockwork, campaigns: Mapping[UUID, int]) -> None:
        """What each instant is worth by its hour and its slot, and whose slot it is; what it is worth to who explores
        comes second.
        """
        slots = {clockwork.number(slot.at): slot for slot in self.calendar.slots}
        self.owner = np.full(len(self.at), _NO_SLOT)
        known, drawn = np.empty(len(self.at)), np.empty(len(self.at))
        self.types: dict[int, SlotType] = {}
        for position, number in enumerate(self._order):
            hour = clockwork.hour(number, self.calendar.timezone)
            worth = self.calendar.values.get(hour, values.OTHER_HOUR)
            of_slot = 1.0
            slot = slots.get(number)
            if slot is not None:
                of_slot = values.OF_TYPE[slot.slot_type]
                self.types[position] = slot.slot_type
                # A campaign that none of the posts is of is nobody's here.
                mine = ANYBODY if slot.campaign_id is None else campaigns.get(slot.campaign_id, _NO_SLOT)
                self.owner[position] = mine
            known[position] = worth * of_slot
            drawn[position] = self.calendar.drawn.get(hour, worth) * of_slot
        self.worths: tuple[Numbers, Numbers] = (known, drawn)

    def _stand(self, clockwork: Clockwork) -> None:
        """What planning does not move. What is booked leaves when the limits let it, which may be later."""
        calendar = self.calendar
        booked = sorted(each.at for each in calendar.booked if each.at >= clockwork.now)
        leaving = [departure.at for departure in departures(calendar.pace, sorted(calendar.sent), booked)]
        self._standing = sorted(clockwork.number(moment) for moment in (*calendar.sent, *leaving))
        self.booked: Flags = np.isin(self.at, np.array([clockwork.number(moment) for moment in booked], np.int64))
        self.closed: Flags = np.zeros(len(self.at), np.bool_)
        self.spans = [
            (clockwork.number(span.begins), clockwork.number(span.ends), span.reason) for span in calendar.closed
        ]
        for begins, ends, _ in self.spans:
            self.closed[self.between(begins, ends)] = True
        self._standing_topics: dict[str, list[int]] = {}
        for each in calendar.booked:
            for topic in each.topics:
                self._standing_topics.setdefault(topic, []).append(clockwork.number(each.at))

    def _reopen(self, part: slice) -> None:
        """Find anew what is open: an instant may be closed by more than one of those that are taken."""
        if part.start >= part.stop:
            return
        first, last = self._order[part.start], self._order[part.stop - 1]
        self.open[part] = ~(self.closed[part] | self.booked[part])
        for number in self.taken[bisect_left(self.taken, first) : bisect_right(self.taken, last)]:
            self.open[self.between(number, number + 1)] = False
        for limit in self.limits:
            low = bisect_right(self.taken, first - limit.width)
            self._close_runs(low - limit.most + 1, bisect_left(self.taken, last + limit.width), limit)
        self._close_by_quota()

    def _close_runs(self, low: int, high: int, limit: Limit) -> None:
        """Where runs of as many as the limit allows, that begin with the taken from `low` until `high`, let no other
        in: within its width of both their ends.
        """
        low = max(0, low)
        for begins, ends in zip(self.taken[low:high], self.taken[low + limit.most - 1 :], strict=False):
            if ends - begins < limit.width:
                self.open[self.between(ends - limit.width + 1, begins + limit.width)] = False

    def _close_by_quota(self) -> None:
        if self.quota is not None and self._quota_left() <= 0:
            self.open[: self.position(self.quota.ends)] = False

    def _quota_left(self) -> int:
        assert self.quota is not None
        within = bisect_left(self.taken, self.quota.ends) - bisect_right(self.taken, self.quota.begins)
        return self.quota.most - within

    def _decay_of(self, half_life: timedelta, *, explores: bool) -> Numbers:
        key = (half_life, explores)
        if key not in self._decay:
            halves = self.at / (half_life // MICROSECOND)
            self._decay[key] = (1 - values.STALE) * self.worths[explores] * np.exp2(-halves)
        return self._decay[key]

    def _undecayed(self, since: int, half_life: timedelta) -> float:
        latest = self._order[-1] if self._order else 0
        return float(2.0 ** (min(since, latest) / (half_life // MICROSECOND)))

    def _variety_of(self, topic: str) -> Numbers:
        if topic not in self._variety:
            self._variety[topic] = np.ones(len(self.at))
            for number in self._topics[topic]:
                self._mark(topic, number)
        return self._variety[topic]

    def _mark(self, topic: str, number: int) -> None:
        self._variety[topic][self.between(number + 1, number + self._topic_gap)] = values.REPEATED_TOPIC


def _limits(calendar: AccountCalendar, buffer: timedelta) -> list[Limit]:
    pace = calendar.pace
    found = [Limit(1, 1, "another post goes out")]  # the calendar has room for one at an instant, whatever the limits
    apart = max(pace.min_interval, buffer)
    if apart:
        minutes = round(apart.total_seconds() / 60)
        said = f"its limit of one post every {minutes} min"
        if buffer > pace.min_interval:
            said = f"the {minutes} min between two posts on the site"
        found.append(Limit(1, apart // MICROSECOND, said))
    for most, width, name in ((pace.posts_per_hour, _HOUR, "an hour"), (pace.posts_per_day, 24 * _HOUR, "a day")):
        if most is not None:
            found.append(Limit(most, width, f"its limit of {most} {name}"))
    return found


def _quota(calendar: AccountCalendar, clockwork: Clockwork) -> Quota | None:
    pace = calendar.pace
    if pace.quota_remaining is None or pace.quota_reported_at is None or pace.quota_resets_at is None:
        return None
    return Quota(clockwork.number(pace.quota_reported_at), clockwork.number(pace.quota_resets_at), pace.quota_remaining)
