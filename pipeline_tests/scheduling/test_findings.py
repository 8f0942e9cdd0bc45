"""What a plan tells besides its times."""

import uuid
import zoneinfo
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline import clock
from pipeline.scheduling import findings
from pipeline.scheduling.diff import changes
from pipeline.scheduling.model import AccountCalendar, Slot, Span
from pipeline.scheduling.pace import Pace
from pipeline.scheduling.proposal import Entry, Known

BEGINS = datetime(2026, 3, 20, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=14)
ZONES = sorted(zoneinfo.available_timezones())


def calendar(key="x-main", timezone="UTC", **values):
    return AccountCalendar(uuid.uuid4(), key, "x", timezone, **{"is_home": False, **values})


def entry(of, at, **values):
    return Entry(
        **{
            "distribution_id": uuid.uuid4(),
            "post_id": uuid.uuid4(),
            "canonical_id": "garden-1",
            "title": "How to prune",
            "account_id": of.id,
            "account_key": of.key,
            "timezone": of.timezone,
            "at": at,
            "moved_from": None,
            "is_pinned": False,
            "why": [],
            **values,
        }
    )


def test_the_clocks_change_is_told_with_its_local_time_and_who_it_concerns():
    berlin, cadiz, phoenix = (
        calendar("a", "Europe/Berlin"),
        calendar("b", "Europe/Madrid"),
        calendar("c", "America/Phoenix"),
    )
    german, spanish = findings.clock_changes([berlin, cadiz, phoenix], BEGINS, ENDS)
    assert (german.timezone, german.at, german.local, german.by, german.account_keys) == (
        "Europe/Berlin",
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 2),
        timedelta(hours=1),
        ["a"],
    )
    assert spanish.account_keys == ["b"]


def test_a_change_of_half_an_hour_and_one_backwards_are_told_as_they_are():
    lord_howe = calendar(timezone="Australia/Lord_Howe")
    (change,) = findings.clock_changes([lord_howe], BEGINS, ENDS + timedelta(days=7))
    assert (change.local, change.by) == (datetime(2026, 4, 5, 2), -timedelta(minutes=30))


@given(st.sampled_from(ZONES), st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)), st.integers(1, 60))
def test_no_change_of_a_zone_s_clocks_is_missed(zone, begins, days):
    begins = begins.replace(tzinfo=UTC)
    ends = begins + timedelta(days=days)
    told = findings.clock_changes([calendar(timezone=zone)], begins, ends)
    turned = (clock.local(ends, zone) - clock.local(begins, zone)) - (ends - begins)
    assert sum((change.by for change in told), timedelta()) == turned
    for change in told:
        second = timedelta(seconds=1)
        assert clock.local(change.at, zone) - clock.local(change.at - second, zone) == change.by + second
        assert clock.local(change.at - second, zone) + second == change.local


def test_days_in_a_row_without_anything_are_one_gap_and_days_without_slots_none():
    account = calendar(
        timezone="America/New_York",
        slots=[Slot(BEGINS + timedelta(days=day, hours=14)) for day in (0, 1, 2, 5)],
    )
    own = {account.id: [entry(account, BEGINS + timedelta(days=1, hours=3))]}  # the evening before, in New York
    found = findings.gaps(own, [account], BEGINS, ENDS)
    assert [(gap.first, gap.last, gap.free) for gap in found] == [
        (date(2026, 3, 21), date(2026, 3, 22), 2),
        (date(2026, 3, 25), date(2026, 3, 25), 1),
    ]


def test_what_lies_in_quiet_hours_is_told_with_the_way_out():
    account = calendar()
    closed = {account.id: [Span(BEGINS, BEGINS + timedelta(hours=7), "quiet hours")]}
    inside, outside = entry(account, BEGINS), entry(account, BEGINS + timedelta(hours=7))
    (told,) = findings.closed_over([inside, outside], closed)
    assert told.distribution_id == inside.distribution_id
    assert "quiet hours, until 2026-03-20 07:00" in told.message
    assert "pressroom schedule garden-1 --on x-main --at best" in told.message


def test_what_its_limits_would_put_off_is_told_as_sending_will_do_it():
    account = calendar(pace=Pace(min_interval=timedelta(hours=1), posts_per_day=2), sent=[BEGINS - timedelta(hours=1)])
    first, second = (entry(account, BEGINS + timedelta(minutes=minutes)) for minutes in (0, 90))
    (told,) = findings.over_limits({account.id: [first, second]}, {account.id: account})
    assert told.distribution_id == second.distribution_id
    assert "would go out at 2026-03-20 23:00, by its limit of 2 a day" in told.message


def test_what_would_be_out_before_its_page_is_told():
    home, x = calendar("site", is_home=True), calendar()
    post = uuid.uuid4()
    page = entry(home, BEGINS + timedelta(hours=2), post_id=post)
    early, late = (entry(x, BEGINS + timedelta(hours=hours), post_id=post) for hours in (1, 2))
    (told,) = findings.before_home([early, page, late], {home.id: home, x.id: x})
    assert told.distribution_id == early.distribution_id


HOURS = st.lists(st.integers(0, 14 * 24), max_size=40)


@given(HOURS, HOURS, st.integers(1, 10))
def test_what_a_limit_leaves_is_what_counting_every_window_leaves(past, coming, most):
    sent = sorted(BEGINS - timedelta(hours=hours % 24) for hours in past)
    times = sorted(BEGINS + timedelta(hours=hours) for hours in coming)
    account = calendar(pace=Pace(posts_per_day=most), sent=sent)
    found = findings.allowances({account.id: [entry(account, at) for at in times]}, [account], BEGINS)
    day = timedelta(hours=24)
    used = max(sum(end - day < moment <= end for moment in [*sent, *times]) for end in [BEGINS, *times])
    assert [(each.most, each.left) for each in found] == ([(most, most - used)] if used else [])


def test_what_the_platform_still_takes_is_less_by_what_goes_out_before_it_counts_anew():
    account = calendar(
        pace=Pace(quota_remaining=3, quota_reported_at=BEGINS, quota_resets_at=BEGINS + timedelta(days=1)),
        sent=[BEGINS - timedelta(hours=1), BEGINS + timedelta(minutes=1)],
    )
    own = [entry(account, BEGINS + timedelta(hours=hours)) for hours in (2, 23, 24)]
    (allowance,) = findings.allowances({account.id: own}, [account], BEGINS)
    assert (allowance.window, allowance.most, allowance.left) == ("its platform's quota", 3, 0)


def test_credentials_that_end_within_the_plan_are_told_with_what_goes_out_after_that():
    early, late, unread, lasting = (calendar(key) for key in ("early", "late", "unread", "lasting"))
    own = {early.id: [entry(early, BEGINS + timedelta(hours=hours)) for hours in (1, 2, 3)]}
    told = findings.credentials_ending(
        own,
        [early, late, unread, lasting],
        {"early": BEGINS + timedelta(hours=2), "late": ENDS, "unread": "the vault did not answer"},
        ENDS,
    )
    assert [(end.account_key, end.waiting, end.reason) for end in told] == [
        ("early", 2, "they end"),
        ("unread", 0, "the vault did not answer"),
    ]


def test_the_difference_to_an_earlier_plan_is_what_is_new_elsewhere_or_gone():
    account = calendar()
    same, moved, new = (entry(account, BEGINS + timedelta(hours=hours)) for hours in (1, 2, 3))
    earlier = [
        Known(same.distribution_id, "x-main", "UTC", "Same", same.at),
        Known(moved.distribution_id, "x-main", "UTC", "Moved", BEGINS),
        Known(uuid.uuid4(), "x-main", "UTC", "Cancelled", BEGINS + timedelta(hours=4)),
        Known(uuid.uuid4(), "x-main", "UTC", "Went out", BEGINS - timedelta(hours=4)),
    ]
    found = changes(earlier, [same, moved, new], now=BEGINS)
    assert [(change.before, change.after) for change in found] == [
        (BEGINS, moved.at),
        (None, new.at),
        (BEGINS + timedelta(hours=4), None),
    ]
