"""X's bill for figures: a month of an account that posts a hundred times a day and is asked every hour.

Our own reader asks an X that answers from memory and writes down what it would charge; what is due in which hour is
what the sync's own ladder for billed accounts says, and a question is of as many as the sync puts into one.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, cast

from bench.results import Row
from pipeline.measurement.metrics.ladder import next_billed
from pipeline.platforms.base import Account
from pipeline.platforms.http import batches
from pipeline.platforms.x.api import Api, made_at
from pipeline.platforms.x.figures import BATCH, Reader
from pipeline.platforms.x.timeline import Timeline

LOOK_UP = 0.005
"""Dollars for a post that is read by its id: https://docs.x.com/x-api/getting-started/pricing."""
OWNED = 0.001
"""Dollars for one of the account's own that is read in its timeline, an "owned read" since 2026: as above."""
_POSTS_A_DAY = 100
_DAYS = 30
_FOLLOWED = timedelta(days=90)
_SEED_READS = 7 * 24
"""The seed asks for each post every hour for seven days."""
_REACH = 3_200
"""How many of its newest posts a timeline shows."""
_MONTH = datetime(2026, 9, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)

_HOW = f"""
X's bill is for reading the figures of an account that posts {_POSTS_A_DAY} times a day, every hour for {_DAYS} days, at
${LOOK_UP} a post that is looked up and ${OWNED} one of the own timeline (docs.x.com/x-api/getting-started/pricing, read
in November 2026). Writing the posts costs the same either way: {_POSTS_A_DAY * _DAYS:,} with a link at $0.20 are $600.
"""
_AGAINST = """
The seed looks each post up every hour for 7 days: 168 reads of 3,000 posts at $0.005. Where figures cost money we ask
at once, at 1, 6, 24 and 48 hours, daily at one common hour to 30 days and weekly to 90; the rows `7 days` leave out
what we ask after the seed has stopped. X says that it charges for a post once a UTC day however often it is read, and
calls that no firm promise: the rows `once a day` believe it.
"""
NOTES = tuple(" ".join(note.split()) for note in (_HOW, _AGAINST))


@dataclass
class Bill:
    """What X would charge in dollars: by its list, and where it charges for a post once a UTC day."""

    calls: int = 0
    listed: float = 0.0
    once_a_day: float = 0.0
    _charged: set[tuple[str, int]] = field(default_factory=set)

    def add(self, ids: Sequence[str], price: float, now: datetime) -> None:
        self.calls += 1
        self.listed += price * len(ids)
        today = {(id_, now.toordinal()) for id_ in ids} - self._charged
        self.once_a_day += price * len(today)
        self._charged |= today


class _Memory:
    """An X that has an account's posts, `now` being what time it is there; in the place of `Api`."""

    user_id = "1"

    def __init__(self, ids: Sequence[int], bill: Bill) -> None:
        self._ids = ids
        self._bill = bill
        self.now = _MONTH

    def ask(self, _method: str, route: str, *, params: dict[str, str]) -> dict[str, Any]:
        if route == "/2/tweets":
            found, price, meta = params["ids"].split(","), LOOK_UP, {}
        else:
            newest = bisect_right(self._ids, _id_at(self.now))
            oldest = max(newest - _REACH, 0, bisect_right(self._ids, int(params["since_id"])))
            before = min(int(params.get(name, 2**63)) for name in ("until_id", "pagination_token"))
            end = min(newest, bisect_left(self._ids, before))
            start = max(oldest, end - int(params["max_results"]))
            found, price = [str(id_) for id_ in reversed(self._ids[start:end])], OWNED
            meta = {"next_token": found[-1]} if start > oldest else {}
        self._bill.add(found, price, self.now)
        return {"data": [{"id": id_, "public_metrics": {}} for id_ in found], "meta": meta}


def rows(*, quick: bool) -> list[Row]:
    """Of the seven days that the seed follows a post, and unless `quick` of all the time that we do."""
    posts = _POSTS_A_DAY * _DAYS
    seed = Bill(calls=_SEED_READS * posts, listed=_SEED_READS * posts * LOOK_UP, once_a_day=8 * posts * LOOK_UP)
    found = []
    for days, from_timeline in product((7,) if quick else (7, 90), (False, True)):
        what = f"{'own timeline' if from_timeline else 'looked up'}, {days} days"
        ours = bill(timedelta(days=days), from_timeline=from_timeline)
        found += [
            Row(
                f"X, a month of figures: {what}: calls",
                f"{ours.calls:,}",
                f"{seed.calls:,}",
                _ratio(ours.calls, seed.calls),
            ),
            _dollars(what, ours.listed, seed.listed),
            _dollars(f"{what}, once a day", ours.once_a_day, seed.once_a_day),
        ]
    return found


def bill(followed: timedelta, *, from_timeline: bool) -> Bill:
    """Of a month in the middle of an account's life: older posts are still followed, newer ones come."""
    ids = _posts()
    charged = Bill()
    x = _Memory(ids, charged)
    account = Account("x", "x", {})
    api = cast("Api", x)
    reader = Reader(api, Timeline(api, account), non_public=False, from_timeline=from_timeline, clock=lambda: x.now)
    due = _due(ids, followed)
    for hour in range(_DAYS * 24):
        x.now = _MONTH + hour * _HOUR
        if due[x.now]:
            youngest_first = sorted(due[x.now], key=int, reverse=True)
            told = [reader.figures(ids) for ids in batches(youngest_first, BATCH)]
            assert sum(map(len, told)) == len(youngest_first)
    return charged


def _posts() -> list[int]:
    """The ids of those published from 90 days before the month to its end, the oldest first."""
    pause = timedelta(days=1) / _POSTS_A_DAY
    count = (_FOLLOWED + timedelta(days=_DAYS)) // pause
    return [_id_at(_MONTH - _FOLLOWED + number * pause) for number in range(count)]


def _id_at(moment: datetime) -> int:
    """What X would give out then."""
    return ((moment - made_at("0")) // timedelta(milliseconds=1)) << 22


def _due(ids: Sequence[int], followed: timedelta) -> dict[datetime, list[str]]:
    """By the hour in which they are asked for; the month's only."""
    due: dict[datetime, list[str]] = defaultdict(list)
    for id_ in ids:
        published = made_at(str(id_))
        day = published.replace(hour=0, minute=0, second=0, microsecond=0)
        for after in _questions(published - day, followed):
            if _MONTH <= day + after < _MONTH + timedelta(days=_DAYS):
                due[day + after].append(str(id_))
    return due


@cache
def _questions(into_the_day: timedelta, followed: timedelta) -> list[timedelta]:
    """When a post is asked for, counted from the day it was published on: whenever its time has come on the hour."""
    published = _MONTH + into_the_day
    found: list[timedelta] = []
    at: datetime | None = published
    while at is not None and at - published <= followed:
        asked = _next_hour(at)
        found.append(asked - _MONTH)
        at = next_billed(published, asked)
    return found


def _next_hour(moment: datetime) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + _HOUR


def _dollars(what: str, ours: float, seed: float) -> Row:
    return Row(f"X, a month of figures: {what}", f"${ours:,.0f}", f"${seed:,.0f}", _ratio(ours, seed))


def _ratio(ours: float, seed: float) -> str:
    return f"{ours / seed:.3f}"
