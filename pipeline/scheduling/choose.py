"""The choice of times: which instant each version of many posts gets, all of them together. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pipeline.scheduling import solving, wording
from pipeline.scheduling.board import Clockwork
from pipeline.scheduling.cases import Case, case_of
from pipeline.scheduling.model import AccountCalendar, Choice, Item, Placement, Unplaced
from pipeline.scheduling.solving import Seating
from pipeline.scheduling.table import Table


def choose(items: Sequence[Item], calendars: Mapping[UUID, AccountCalendar], *, now: datetime) -> Choice:
    """The instants of all versions of all items, for one as for ten thousand.

    What holds of each placement: it is a free slot of its account, or where the version is already, or the instant that
    its timing means for it; from its item's `earliest` on (and `now`), before its deadline, within its campaign's
    window; in no closed span; on an instant of its own; and all that an account will send leaves at its time by the
    account's pace. Two posts on a home keep the site's buffer (the largest that one of its items asks), two tellings of
    a story the story's spacing. No version is before its home. Of all such choices it is one of nearly the most value;
    never of less than `greedy_value`.

    The same input gives the same choice, in whatever order it comes: only the versions of a staggered item mean
    something by theirs. Placements are in the order of their instants, the unplaced by their item's id.
    """
    clockwork = Clockwork(now)
    concerned = {version.account_id for item in items for version in item.versions}
    elsewhere = [calendar for calendar in calendars.values() if calendar.id not in concerned]
    accounts = [calendar for calendar in calendars.values() if calendar.id in concerned]
    accounts.sort(key=lambda calendar: (calendar.key, calendar.id))
    numbers = {calendar.id: number for number, calendar in enumerate(accounts)}
    cases = [case_of(item, accounts, numbers, clockwork) for item in items]
    cases.sort(key=lambda case: (case.begins, case.ends, case.item.canonical_id))
    table = Table(accounts, cases, clockwork, elsewhere=elsewhere)
    greedy = seating = solving.one_by_one(table, cases)
    greedy_value = solving.value(table, cases, greedy)
    if len(cases) > 1:
        seating = solving.together(table, cases)
        if solving.value(table, cases, seating) < greedy_value:
            seating = solving.seated(table, cases, greedy)
    placements, unplaced = _told(table, cases, seating, clockwork)
    return Choice(placements, unplaced, sum(each.value for each in placements), greedy_value)


def _told(
    table: Table, cases: Sequence[Case], seating: Seating, clockwork: Clockwork
) -> tuple[list[Placement], list[Unplaced]]:
    placements, unplaced = [], []
    for case, seats in zip(cases, seating, strict=True):
        seat_of = {seat.part.version.distribution_id: seat for seat in seats}
        part_of = {part.version.distribution_id: part for part in case.parts}
        for version in case.item.versions:
            name = (case.item.canonical_id, version.distribution_id, version.account_id)
            seat, part = seat_of.get(version.distribution_id), part_of.get(version.distribution_id)
            if seat is not None:
                at = clockwork.moment(table.board(seat.part).number(seat.position))
                reasons = wording.why(table, case, seat, clockwork)
                placements.append(Placement(*name, at, table.value(case, seat), reasons))
            elif part is not None:
                unplaced.append(Unplaced(*name, wording.why_not(table, case, part, seats, clockwork)))
            else:
                unplaced.append(Unplaced(*name, wording.NO_CALENDAR))
    placements.sort(key=lambda each: (each.at, each.canonical_id, each.distribution_id))
    unplaced.sort(key=lambda each: (each.canonical_id, each.distribution_id))
    return placements, unplaced
