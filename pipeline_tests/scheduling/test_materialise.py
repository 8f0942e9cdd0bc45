"""The calendar follows its rules, and nothing that a person or a post holds in it is lost."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.scheduling import materialise
from pipeline.scheduling.closures import spans_of
from pipeline.scheduling.model import HORIZON
from pipeline.store import calendar, calendar_slots, campaigns, closures, posting_rules, tables
from pipeline.store.calendar import Booking
from pipeline.store.database import transaction
from pipeline.store.posting_rules import NewRule
from pipeline.vocabulary import SlotType
from pipeline_tests import factories

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday; Berlin's clocks change on the 29th
HOURLY = HORIZON.days * len(materialise.DEFAULT_TIMES) + 1
"""The default rule's slots within the horizon, which by Berlin's clock is an hour longer."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_c = tables.publishing_calendar.c


@pytest.fixture
def account(engine):
    with transaction(engine, "test") as connection:
        return factories.account(connection, timezone="Europe/Berlin")


def add_rule(engine, account_id, *times, rrule="FREQ=DAILY", **values):
    with transaction(engine, "test") as connection:
        rule = NewRule(account_id, rrule, [time.fromisoformat(each) for each in times], NOW.date(), None, **values)
        return posting_rules.add(connection, rule)


def remove_rule(engine, account_id, rule_id):
    with transaction(engine, "test") as connection:
        (rule,) = (each for each in posting_rules.of(connection, [account_id]) if each.id == rule_id)
        posting_rules.remove(connection, rule)


def quiet(engine, account_id, begins, ends):
    with transaction(engine, "test") as connection:
        closures.add_quiet_hours(connection, account_id, range(7), time.fromisoformat(begins), time.fromisoformat(ends))


def keep_up(engine, now=NOW):
    return materialise.keep_up(engine, now=now)


def entries(engine, account_id, begins=NOW, ends=NOW + HORIZON + DAY):
    with engine.connect() as connection:
        return calendar_slots.entries(connection, account_id, begins, ends)


def ats(found):
    return [entry.at for entry in found]


def book(engine, account_id, at):
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(
            connection, account_id, due_in=timedelta(0), scheduled_for=at, next_attempt_at=at
        )
        assert calendar.book(connection, [Booking(distribution_id, account_id, at, "Europe/Berlin")], explicit=True)
        return distribution_id


def noon(day):
    """12:00 UTC, `day` days on; 13:00 in Berlin until the 29th."""
    return NOW + day * DAY


def test_an_account_without_rules_has_an_hourly_default_one_over_the_whole_horizon(engine, account):
    assert keep_up(engine) == 1
    found = entries(engine, account)
    assert len(found) == HOURLY
    assert found[-1].at > NOW + HORIZON - DAY
    with engine.connect() as connection:
        (rule,) = posting_rules.of(connection, [account])
    assert rule.is_default
    assert {entry.slot_type for entry in found} == {SlotType.REGULAR}


def test_the_first_own_rule_replaces_the_default_one_and_its_end_brings_it_back(engine, account):
    keep_up(engine)
    rule_id = add_rule(engine, account, "13:00")
    keep_up(engine)
    assert ats(entries(engine, account))[:2] == [noon(0), noon(1)]
    remove_rule(engine, account, rule_id)
    keep_up(engine)
    assert len(entries(engine, account)) == HOURLY


def test_a_campaigns_rule_comes_beside_the_default_one(engine, account):
    with transaction(engine, "test") as connection:
        campaigns.add(connection, "advent", factories.vertical(connection), noon(1), noon(3))
        campaign = campaigns.campaign(connection, "advent")
    keep_up(engine)
    with engine.connect() as connection:
        default = posting_rules.of(connection, [account])
    add_rule(engine, account, "13:00", campaign_id=campaign.id)
    keep_up(engine)
    with engine.connect() as connection:
        assert posting_rules.of(connection, [account])[:1] == default
    found = entries(engine, account)
    assert len(found) == HOURLY
    assert [entry.at for entry in found if entry.campaign == "advent"] == [noon(1), noon(2)]


def test_a_campaign_that_moves_takes_its_slots_with_it_and_one_that_ends_leaves_none(engine, account):
    with transaction(engine, "test") as connection:
        campaigns.add(connection, "advent", factories.vertical(connection), noon(1), noon(2))
        campaign = campaigns.campaign(connection, "advent")
    add_rule(engine, account, "13:00", campaign_id=campaign.id)
    keep_up(engine)
    with transaction(engine, "test") as connection:
        campaigns.set_window(connection, campaign.id, noon(4), noon(5))
    keep_up(engine)
    assert [entry.at for entry in entries(engine, account) if entry.campaign] == [noon(4)]
    with transaction(engine, "test") as connection:
        campaigns.remove(connection, campaign.id)
    keep_up(engine)
    assert not [entry for entry in entries(engine, account) if entry.campaign]


def test_a_calendar_that_is_as_it_should_be_is_not_touched(engine, account):
    add_rule(engine, account, "13:00", "15:00")
    keep_up(engine)
    with transaction(engine, "Ada") as connection:
        calendar_slots.set_lock(connection, account, noon(1), "Ada", is_locked=True)
    before = _versions(engine)
    assert keep_up(engine) == 0
    with transaction(engine, "test") as connection:
        calendar_slots.call_for(connection, None)
    assert keep_up(engine) == 1
    assert _versions(engine) == before


def test_the_calendar_rolls_on_and_keeps_of_the_past_what_posts_hold(engine, account):
    add_rule(engine, account, "13:00")
    keep_up(engine)
    book(engine, account, noon(1))
    later = NOW + 3 * DAY
    assert keep_up(engine, later) == 1
    found = entries(engine, account, NOW - DAY, later + 2 * HORIZON)
    assert ats(found)[:3] == [noon(1), noon(3), noon(4)]
    assert later + HORIZON - DAY < found[-1].at < later + HORIZON


def test_quiet_hours_remove_the_free_slots_in_them_and_leave_the_taken_one(engine, account):
    add_rule(engine, account, "13:00", "20:00")
    keep_up(engine)
    held = book(engine, account, noon(1))
    quiet(engine, account, "12:00", "14:00")
    keep_up(engine)
    within = [entry for entry in entries(engine, account) if entry.at.hour in (11, 12)]
    assert ats(within) == [noon(1)]
    with transaction(engine, "test") as connection:
        calendar.release(connection, [held])
    with transaction(engine, "test") as connection:
        calendar_slots.call_for(connection, account)
    keep_up(engine)
    assert noon(1) not in ats(entries(engine, account))


def test_a_closure_that_is_removed_gives_its_slots_back(engine, account):
    add_rule(engine, account, "13:00")
    keep_up(engine)
    before = ats(entries(engine, account))
    with transaction(engine, "test") as connection:
        closures.add_blackout(connection, None, datetime(2026, 3, 3), datetime(2026, 3, 5), "stocktaking")
        closures.add_holidays(connection, account, "DE", None)
    keep_up(engine)
    assert len(entries(engine, account)) == len(before) - 4  # two days, Good Friday, Easter Monday
    with transaction(engine, "test") as connection:
        for closure in closures.of(connection, [account]):
            closures.remove(connection, closure.id)
    keep_up(engine)
    assert ats(entries(engine, account)) == before


def test_a_closure_of_one_account_is_not_anothers(engine, account):
    with transaction(engine, "test") as connection:
        other = factories.account(connection, timezone="Europe/Berlin")
        closures.add_blackout(connection, other, datetime(2026, 3, 3), datetime(2026, 3, 4), "stocktaking")
        found = spans_of(connection, [account, other], NOW, NOW + HORIZON)
    assert found[account] == []
    assert [span.reason for span in found[other]] == ["stocktaking"]


def test_a_lock_that_a_person_set_outlives_its_rule_and_its_hours(engine, account):
    rule_id = add_rule(engine, account, "13:00", "15:00")
    keep_up(engine)
    with transaction(engine, "Ada") as connection:
        assert calendar_slots.set_lock(connection, account, noon(1), "Ada", is_locked=True)
    add_rule(engine, account, "14:00")
    remove_rule(engine, account, rule_id)
    keep_up(engine)
    add_rule(engine, account, "13:00", slot_type=SlotType.PRIME)
    keep_up(engine)
    assert [entry.slot_type for entry in entries(engine, account) if entry.is_locked] == [SlotType.PRIME]
    quiet(engine, account, "12:30", "13:30")
    keep_up(engine)
    (locked,) = (entry for entry in entries(engine, account) if entry.at == noon(1))
    assert (locked.is_locked, locked.lock_set_by, locked.is_free) == (True, "Ada", True)


def test_a_slot_that_a_person_unlocked_stays_unlocked_among_locked_ones(engine, account):
    add_rule(engine, account, "13:00", is_locked=True)
    keep_up(engine)
    with transaction(engine, "Ada") as connection:
        calendar_slots.set_lock(connection, account, noon(1), "Ada", is_locked=False)
        calendar_slots.call_for(connection, account)
    keep_up(engine)
    assert [entry.at for entry in entries(engine, account) if not entry.is_locked] == [noon(1)]


def test_a_lock_on_what_a_post_holds_is_there_when_it_is_given_back(engine, account):
    add_rule(engine, account, "13:00")
    keep_up(engine)
    held = book(engine, account, noon(1))
    with transaction(engine, "Ada") as connection:
        calendar_slots.set_lock(connection, account, noon(1), "Ada", is_locked=True)
        calendar.release(connection, [held])
    (given_back,) = (entry for entry in entries(engine, account) if entry.at == noon(1))
    assert (given_back.is_free, given_back.is_locked) == (True, True)


def test_an_instant_of_a_posts_own_becomes_a_slot_of_the_rule_that_wants_it(engine, account):
    add_rule(engine, account, "20:00")
    keep_up(engine)
    held = book(engine, account, noon(1))
    add_rule(engine, account, "13:00", slot_type=SlotType.PRIME)
    keep_up(engine)
    with transaction(engine, "test") as connection:
        calendar.release(connection, [held])
    (given_back,) = (entry for entry in entries(engine, account) if entry.at == noon(1))
    assert (given_back.is_free, given_back.slot_type) == (True, SlotType.PRIME)


def test_a_slot_whose_rule_ends_while_it_is_held_goes_when_it_is_given_back(engine, account):
    rule_id = add_rule(engine, account, "13:00")
    add_rule(engine, account, "20:00")
    keep_up(engine)
    held = book(engine, account, noon(1))
    remove_rule(engine, account, rule_id)
    keep_up(engine)
    assert [entry.at for entry in entries(engine, account) if not entry.is_free] == [noon(1)]
    with transaction(engine, "test") as connection:
        calendar.release(connection, [held])
    assert noon(1) not in ats(entries(engine, account))


def test_another_zone_moves_the_free_slots_to_its_clock(engine, account):
    add_rule(engine, account, "13:00")
    keep_up(engine)
    with transaction(engine, "test") as connection:
        connection.execute(tables.platforms.update().values(timezone="America/New_York"))
    assert keep_up(engine) == 1
    with engine.connect() as connection:
        rows = connection.execute(sa.select(_c.starts_at, _c.time_slot, _c.timezone).order_by(_c.starts_at)).all()
    assert tuple(rows[0]) == (NOW + 6 * HOUR, time(13), "America/New_York")
    assert {row.time_slot for row in rows} == {time(13)}


def test_two_local_times_that_fall_on_one_instant_are_one_slot(engine, account):
    add_rule(engine, account, "02:30", "03:30")
    keep_up(engine)
    skipped = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Berlin; 02:30 does not come
    found = ats(entries(engine, account, skipped - 12 * HOUR, skipped + 12 * HOUR))
    assert found == [skipped]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(_c.time_slot).where(_c.starts_at == skipped)) == time(3, 30)


def test_a_rule_that_is_added_while_the_calendar_is_made_is_not_missed(engine, account):
    keep_up(engine)
    with engine.connect() as connection:
        (due,) = calendar_slots.due(connection, NOW + 2 * HORIZON)
    with engine.begin() as making:
        calendar_slots.begin(making, due)
        rules = posting_rules.of(making, [account])  # before the other rule is there
        adding = threading.Thread(target=add_rule, args=(engine, account, "23:30"))
        adding.start()
        calendar_slots.write(
            making,
            due,
            materialise.slots(rules, [], due.timezone, NOW, NOW + HORIZON),
            NOW,
            NOW + HORIZON,
        )
    adding.join()
    assert keep_up(engine) == 1
    assert {entry.at.minute for entry in entries(engine, account)} == {30}


def test_whoever_books_is_given_way_to_and_keeps_what_it_took(engine, account):
    add_rule(engine, account, "13:00")
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(connection, account)
    making = threading.Thread(target=keep_up, args=(engine,))
    with transaction(engine, "test") as booking:
        calendar.book(booking, [Booking(distribution_id, account, noon(2), "Europe/Berlin")])
        making.start()
        making.join(0.6)  # longer than it waits; meanwhile the booking goes on as if nobody else were there
        assert making.is_alive()
        assert calendar.book(booking, [Booking(_another(engine, account), account, noon(1), "Europe/Berlin")])
    making.join()
    found = entries(engine, account)
    assert [entry.at for entry in found if not entry.is_free] == [noon(1), noon(2)]
    assert len(found) == HORIZON.days + 1


def test_a_calendar_that_is_never_free_to_be_written_is_told(engine, account, monkeypatch):
    monkeypatch.setattr(materialise, "_TRIES", 1)
    add_rule(engine, account, "13:00")
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(connection, account)
    with transaction(engine, "test") as booking:
        calendar.book(booking, [Booking(distribution_id, account, noon(1), "Europe/Berlin")])
        with pytest.raises(materialise.CalendarBusyError, match="pressroom slots sync"):
            keep_up(engine)


HOURS = st.sampled_from(["06:00", "13:00", "14:30", "20:00"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("rule"), HOURS),
        st.tuples(st.just("quiet"), HOURS),
        st.tuples(st.just("book"), st.integers(1, 9)),
        st.tuples(st.just("lock"), st.integers(1, 9)),
        st.tuples(st.just("remove"), st.integers(0, 3)),
    ),
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_whatever_changes_what_is_held_or_locked_stays_and_what_is_free_is_what_the_rules_give(engine, changed):
    with transaction(engine, "test") as connection:
        account_id = factories.account(connection, timezone="Europe/Berlin")
    held, locked = set(), set()
    add_rule(engine, account_id, "09:00")  # one that no draw removes
    keep_up(engine)
    for what, value in changed:
        if what == "rule":
            add_rule(engine, account_id, value)
        elif what == "quiet":
            quiet(engine, account_id, value, "21:00")
        elif what == "remove":
            _remove_one(engine, account_id, value)
        else:
            free = [entry.at for entry in entries(engine, account_id) if entry.is_free and not entry.is_locked]
            at = free[value % len(free)] if free else None
            if at is not None and what == "book":
                held.add((at, book(engine, account_id, at)))
            elif at is not None:
                with transaction(engine, "Ada") as connection:
                    calendar_slots.set_lock(connection, account_id, at, "Ada", is_locked=True)
                locked.add(at)
        keep_up(engine)
    found = entries(engine, account_id)
    with engine.connect() as connection:
        closed = spans_of(connection, [account_id], NOW, NOW + HORIZON)[account_id]
        wanted = materialise.slots(
            posting_rules.of(connection, [account_id]), closed, "Europe/Berlin", NOW, NOW + HORIZON
        )
    assert {entry.at for entry in found if not entry.is_free} == {at for at, _ in held}
    assert {entry.at for entry in found if entry.is_locked and entry.is_free} == locked
    assert {entry.at for entry in found if entry.is_free and not entry.is_locked} == (
        {slot.at for slot in wanted} - {at for at, _ in held} - locked
    )


def _remove_one(engine, account_id, number):
    with transaction(engine, "test") as connection:
        own = posting_rules.of(connection, [account_id])[1:]
        closed = closures.of(connection, [account_id])
        everything = [*own, *closed]
        if not everything:
            return
        chosen = everything[number % len(everything)]
        if chosen in own:
            posting_rules.remove(connection, chosen)
        else:
            closures.remove(connection, chosen.id)


def _another(engine, account_id):
    with transaction(engine, "test") as connection:
        return factories.distribution(connection, account_id)


def _versions(engine):
    """Which version of which row stands; an update of any changes it."""
    with engine.connect() as connection:
        return connection.execute(sa.text("select id, xmin::text from publishing_calendar order by starts_at")).all()
