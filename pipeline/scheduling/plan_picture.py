"""A plan as what the picture of a calendar shows. Pure."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from pipeline import clock
from pipeline.scheduling.picture import Kind, Mark, Row, draw
from pipeline.scheduling.proposal import Plan
from pipeline.vocabulary import SlotType
from pipeline.writing.picture import Picture

_FREE: Final = {SlotType.REGULAR: Kind.FREE, SlotType.PRIME: Kind.PRIME, SlotType.TEST: Kind.TEST}


def picture_of(plan: Plan) -> Picture:
    """The plan's days, from the earliest local day that it begins on; what goes out is where the plan puts it."""
    first = min(
        (clock.local(plan.begins, remaining.timezone).date() for remaining in plan.remaining),
        default=plan.begins.date(),
    )
    last = (plan.shown_until - timedelta(microseconds=1)).date()
    return draw(rows(plan), begins=first, now=plan.begins, days=max(1, (last - first).days))


def rows(plan: Plan) -> list[Row]:
    """A row for each account, as the plan orders them."""
    marks: dict[str, dict[datetime, Kind]] = defaultdict(dict)
    for remaining in plan.remaining:
        own = marks[remaining.account_key]
        own.update((slot.at, _FREE[slot.slot_type]) for slot in remaining.free)
        own.update(dict.fromkeys(remaining.locked, Kind.LOCKED))
    in_the_way = {conflict.distribution_id for conflict in plan.conflicts}
    for entry in plan.entries:
        kind = Kind.TAKEN if entry.moved_from is None else Kind.MOVED
        marks[entry.account_key][entry.at] = Kind.CONFLICT if entry.distribution_id in in_the_way else kind
    return [
        Row(
            remaining.account_key,
            remaining.timezone,
            [Mark(at, kind) for at, kind in sorted(marks[remaining.account_key].items())],
            remaining.closed,
        )
        for remaining in plan.remaining
    ]
