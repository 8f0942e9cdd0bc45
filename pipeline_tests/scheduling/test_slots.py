"""What rules give: no slot lost or doubled when clocks change or the window rolls on, and none where it is closed."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import clock
from pipeline.scheduling import closing
from pipeline.scheduling.materialise import slots
from pipeline.scheduling.model import Span
from pipeline.store.posting_rules import PostingRule
from pipeline.vocabulary import RecurringPattern, SlotType
from pipeline_tests.scheduling.zones import changes

TIMES = st.lists(st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30])), min_size=1, max_size=6, unique=True)
RULES = st.sampled_from(
    ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=SA,SU,MO", "FREQ=MONTHLY;BYMONTHDAY=-1,1,8,29"]
)


def rule(rrule="FREQ=DAILY", times=(time(9),), starts_on=date(2026, 1, 1), **values):
    return PostingRule(
        **{
            "id": uuid4(),
            "account_id": UUID(int=1),
            "rrule": rrule,
            "times": times,
            "starts_on": starts_on,
            "ends_on": None,
            "slot_type": SlotType.REGULAR,
            "is_locked": False,
            "is_default": False,
            "campaign_id": None,
            "campaign": None,
            "window": None,
            **values,
        }
    )


def ats(found):
    return [slot.at for slot in found]


@settings(deadline=None)
@given(changes(), TIMES)
@example(("America/New_York", date(2026, 3, 8)), [time(2, 30), time(3, 30)])  # both are 03:30 on that day
@example(("America/New_York", date(2026, 11, 1)), [time(1, 30)])  # comes twice
@example(("America/Santiago", date(2026, 9, 6)), [time(0), time(0, 30)])  # the day begins at 01:00
def test_every_local_time_has_exactly_one_slot_whatever_the_clocks_do(change, times):
    zone_name, day = change
    begins = clock.instant(datetime.combine(day - timedelta(days=3), time.min), zone_name)
    ends = clock.instant(datetime.combine(day + timedelta(days=4), time.min), zone_name)
    found = ats(slots([rule(times=sorted(times))], [], zone_name, begins, ends))
    shown = [clock.local(at, zone_name) for at in found]
    assert found == sorted(set(found))
    wanted = [datetime.combine(day + timedelta(days=n), at) for n in range(-3, 4) for at in times]
    for local in wanted:
        assert shown.count(local) == 1 or _is_skipped(local, zone_name)
        assert shown.count(clock.local(clock.instant(local, zone_name), zone_name)) == 1
    assert len(found) == len({clock.instant(local, zone_name) for local in wanted})
    firsts = {local: min(_showings(local, zone_name)) for local in wanted if not _is_skipped(local, zone_name)}
    assert set(firsts.values()) <= set(found)


@settings(deadline=None)
@given(changes(), RULES, TIMES, st.integers(0, 6 * 24 * 4))
@example(("America/New_York", date(2026, 3, 8)), "FREQ=DAILY", [time(2, 30)], 297)  # 03:15; the slot is 03:30 that day
def test_a_window_that_rolls_on_loses_and_doubles_nothing_at_its_edge(change, rrule, times, quarters):
    zone_name, day = change
    begins = clock.instant(datetime.combine(day - timedelta(days=3), time.min), zone_name)
    middle, ends = begins + timedelta(minutes=15 * quarters), begins + timedelta(days=6)
    of = [rule(rrule, sorted(times))]
    parts = [*slots(of, [], zone_name, begins, middle), *slots(of, [], zone_name, middle, ends)]
    assert parts == slots(of, [], zone_name, begins, ends)


@settings(deadline=None)
@given(changes(), TIMES, TIMES)
def test_no_slot_is_closed_and_none_is_missing_that_is_open(change, times, hours):
    zone_name, day = change
    begins = clock.instant(datetime.combine(day - timedelta(days=2), time.min), zone_name)
    window = (begins, begins + timedelta(days=4))
    closed = closing.merged(closing.quiet(range(7), hours[0], hours[-1], zone_name, window))
    of = [rule(times=sorted(times))]
    everything = ats(slots(of, [], zone_name, *window))
    assert ats(slots(of, closed, zone_name, *window)) == [
        at for at in everything if not any(span.begins <= at < span.ends for span in closed)
    ]


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_closure_has_its_beginning_and_not_its_end():
    of = [rule(times=[time(12), time(13)])]
    assert ats(slots(of, [Span(NOON, NOON + timedelta(hours=1), "x")], "UTC", NOON, NOON + DAY)) == [
        NOON + timedelta(hours=1)
    ]


def test_a_campaigns_rule_gives_slots_within_its_window_only():
    of = [rule(campaign_id=uuid4(), times=[time(12)], window=(NOON + DAY, NOON + 3 * DAY))]
    assert ats(slots(of, [], "UTC", NOON, NOON + 9 * DAY)) == [NOON + DAY, NOON + 2 * DAY]


def test_of_two_rules_for_one_instant_the_more_particular_counts():
    regular, prime = rule(times=[time(12)]), rule(times=[time(12)], slot_type=SlotType.PRIME)
    kept = rule(times=[time(12)], campaign_id=uuid4())
    locked = rule(times=[time(12)], is_locked=True)

    def winner(*of):
        (slot,) = slots(of, [], "UTC", NOON, NOON + DAY)
        return slot.rule_id

    assert winner(regular, prime) == winner(prime, regular) == prime.id
    assert winner(regular, prime, kept) == kept.id
    assert winner(prime, kept, locked, regular) == locked.id
    assert winner(regular, rule(times=[time(12)])) == regular.id


def test_a_slot_carries_what_its_rule_says():
    of = rule("FREQ=WEEKLY", [time(12)], NOON.date(), slot_type=SlotType.TEST, is_locked=True)
    (slot,) = slots([of], [], "UTC", NOON, NOON + DAY)
    assert (slot.rule_id, slot.slot_type, slot.is_locked, slot.recurring_pattern) == (
        of.id,
        SlotType.TEST,
        True,
        RecurringPattern.WEEKLY,
    )


def _showings(local, zone_name):
    zone = clock.zone(zone_name)
    both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return [each for each in both if clock.local(each, zone_name) == local]


def _is_skipped(local, zone_name):
    return not _showings(local, zone_name)
