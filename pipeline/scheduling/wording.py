"""Why a version has its time, or none, in words for a person. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from pipeline import clock
from pipeline.scheduling import values
from pipeline.scheduling.board import MICROSECOND, QUOTA, Clockwork, Flags
from pipeline.scheduling.cases import Case, Part
from pipeline.scheduling.model import AccountCalendar
from pipeline.scheduling.table import Seat, Table
from pipeline.vocabulary import SlotType

NO_CALENDAR: Final = "its account takes no posts at present"

_BEST: Final = 0.95
_GOOD: Final = 0.9
_SOON: Final = timedelta(days=1)
_WELL_BELOW: Final = 0.98


def why(table: Table, case: Case, seat: Seat, clockwork: Clockwork) -> list[str]:
    """What decided, the weightiest first."""
    board = table.board(seat.part)
    at = board.number(seat.position)
    said = []
    if seat.meant == at:
        said.append(_with_leader(case, seat.part))
    elif seat.meant is not None:
        zone = board.calendar.timezone
        meant = _told(clockwork.moment(seat.meant), zone, beside=clockwork.moment(at))
        said.append(f"the next time it can have after {meant}, where {_obstacle(table, case, seat.part, seat.meant)}")
    else:
        said += _of_slot(table, case, seat)
    if seat.part.held == at:
        said.append("no other is worth a move")
    if table.board(seat.part).variety_at(seat.position, case.item.topics) < 1:
        said.append("a topic of the account's last posts")
    return said


def why_not(table: Table, case: Case, part: Part, seats: Sequence[Seat], clockwork: Clockwork) -> str:
    """What stands against each slot that there was."""
    if case.leader is not None and part is not case.leader and not any(seat.part is case.leader for seat in seats):
        return "its home has no time" if case.leader.is_home else "the account that leads the others has no time"
    board = table.board(part)
    lead = table.lead(case, seats)
    begins = case.begins if lead is None else max(case.begins, lead)
    zone = board.calendar.timezone
    since = _told(clockwork.moment(begins), zone)
    within = np.zeros(len(board.at), np.bool_)
    within[board.between(begins, case.ends)] = True
    slots = within & board.slots_for(table.campaign(case))
    until = f" and before {_told(clockwork.moment(case.ends), zone)}" if case.is_bounded else ""
    if not slots.any():
        return f"its account has no free slot from {since} on{until}"
    count = int(slots.sum())
    against = "; ".join(_against(table, case, part, slots))
    return f"of its account's {count} slots from {since} on{until} none is left: {against}"


def _with_leader(case: Case, part: Part) -> str:
    behind_home = case.home_at is not None or (case.leader is not None and case.leader.is_home)
    leader = "its home" if behind_home else "the first"
    if not part.offset:
        return f"together with {leader}"
    return f"{round(part.offset * MICROSECOND / timedelta(minutes=1))} min after {leader}"


def _of_slot(table: Table, case: Case, seat: Seat) -> list[str]:
    board = table.board(seat.part)
    calendar = board.calendar
    slot_type = board.types.get(seat.position)
    said = []
    if board.owner[seat.position] >= 0:
        said.append("a slot of its campaign")
    if slot_type in (SlotType.PRIME, SlotType.TEST):
        said.append(f"a {slot_type} slot")
    if seat.part.explores:
        said.append("tries an hour, to learn from it")
    else:
        of_slot = values.OF_TYPE[slot_type or SlotType.REGULAR]
        said += _of_hour(calendar, float(board.worths[False][seat.position]) / of_slot)
    if not case.item.is_evergreen and board.number(seat.position) - case.begins < _SOON // MICROSECOND:
        said.append("soon")
    return said or ["the best that is left"]


def _of_hour(calendar: AccountCalendar, worth: float) -> list[str]:
    best = max(calendar.values.values(), default=values.OTHER_HOUR)
    if not calendar.values or worth < values.OTHER_HOUR * _WELL_BELOW:
        return []
    if worth >= best * _BEST:
        return ["one of its account's best hours"]
    return ["a good hour of its account"] if worth >= values.GOOD_HOUR * _GOOD else []


def _obstacle(table: Table, case: Case, part: Part, number: int) -> str:
    """What keeps the version from an instant within its time, be there a slot or not."""
    board = table.board(part)
    if number >= case.ends:
        return "it would be too late"
    for begins, ends, reason in board.spans:
        if begins <= number < ends:
            return f"there is {reason}"
    position = board.position(number)
    if number in board.taken or (board.has(number) and board.booked[position]):
        return "another post goes out"
    if any(near.start <= position < near.stop for near in table.retold(case, board)):
        return "the same story is told elsewhere"
    hours = board.within(part.version.distribution_id)
    if hours is not None and board.has(number) and not hours[position]:
        return "it is not to go out at that hour"
    limit = board.breaks(number)
    # What was in the way when it was placed may have been moved since.
    return "another post went first" if limit is None else f"{limit} is reached"


def _against(table: Table, case: Case, part: Part, slots: Flags) -> list[str]:
    """What stands against slots that can't be had, each counted under the first that does."""
    board = table.board(part)
    left = slots.copy()
    said = []
    hours = board.within(part.version.distribution_id)
    taken = np.isin(board.at, np.array(board.taken, np.int64)) | board.booked
    retold = np.zeros(len(board.at), np.bool_)
    for near in table.retold(case, board):
        retold[near] = True
    limits = [limit.said for limit in board.limits if limit.width > 1]
    if board.quota is not None:
        limits.append(QUOTA)
    for stands, name in (
        (board.closed, "closed"),
        (np.zeros(len(board.at), np.bool_) if hours is None else ~hours, "outside the hours that it may have"),
        (taken, "taken"),
        (retold, "too near the same story elsewhere"),
        (~board.open, f"past what it may send ({' or '.join(limits)})"),
    ):
        count = int((left & stands).sum())
        if count:
            said.append(f"{count} {name}")
        left &= ~stands
    return said


def _told(moment: datetime, zone: str, beside: datetime | None = None) -> str:
    """Its local time; the day only where it is not that of `beside`."""
    here = clock.local(moment, zone)
    if beside is not None and clock.local(beside, zone).date() == here.date():
        return f"{here:%H:%M}"
    return f"{here:%a} {here.day} {here:%b %H:%M}"
