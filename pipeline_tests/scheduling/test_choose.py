"""Which instant each version of many posts gets."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scheduling import values
from pipeline.scheduling.choose import choose
from pipeline.scheduling.model import Booked, Manners, Span, Version
from pipeline.scheduling.pace import Pace
from pipeline.timing import DEFAULT_HOURS, PostingHour
from pipeline.vocabulary import SlotType, TimingStrategy
from pipeline_tests.scheduling.worlds import NOW, account, at, by_id, hours, item

CLOSE = Manners(site_buffer=timedelta(0))
EVERGREEN = {"is_evergreen": True, "manners": CLOSE}


def times(items, *accounts):
    """By post, and by account where a post has more than one."""
    found: dict[str, dict[str, object]] = {}
    for each in choose(items, by_id(*accounts), now=NOW).placements:
        key = next(account.key for account in accounts if account.id == each.account_id)
        found.setdefault(each.canonical_id, {})[key] = each.at
    return {name: next(iter(of.values())) if len(of) == 1 else of for name, of in found.items()}


def why(items, *accounts):
    return {each.canonical_id: "; ".join(each.why) for each in choose(items, by_id(*accounts), now=NOW).placements}


def why_not(items, *accounts):
    return {each.canonical_id: each.reason for each in choose(items, by_id(*accounts), now=NOW).unplaced}


def test_a_post_gets_the_best_free_slot_and_not_the_first():
    x = account(1, hours(7, 9, 12), worth={7: 0.3, 9: 1.0, 12: 0.4})
    assert times([item("p", x)], x) == {"p": at(9)}
    assert why([item("p", x)], x)["p"].startswith("one of its account's best hours")


def test_timely_posts_go_soon_others_wait_days_for_a_good_hour_and_evergreen_ones_weeks():
    slots = [*hours(8), *hours(8, day=25), *hours(8, day=29)]
    x = account(1, slots, values={PostingHour(1, 8): 0.6, PostingHour(3, 8): 0.8, PostingHour(0, 8): 1.0})
    assert times([item("p", x, deadline=at(9, day=29))], x) == {"p": at(8)}
    assert times([item("p", x)], x) == {"p": at(8, day=25)}
    assert times([item("p", x, is_evergreen=True)], x) == {"p": at(8, day=29)}


def test_a_prime_slot_is_taken_before_a_regular_one_and_that_before_a_test_slot():
    x = account(1, [*hours(8, slot_type=SlotType.TEST), *hours(9), *hours(10, slot_type=SlotType.PRIME)], worth={})
    placed = times([item(name, x, **EVERGREEN) for name in "abc"], x)
    assert set(placed.values()) == {at(8), at(9), at(10)}
    assert times([item("a", x, **EVERGREEN)], x) == {"a": at(10)}
    two = times([item("a", x, **EVERGREEN), item("b", x, **EVERGREEN)], x)
    assert set(two.values()) == {at(9), at(10)}


def test_many_are_placed_as_one_so_that_the_one_with_a_deadline_gets_the_slot_it_needs():
    x = account(1, hours(9, 15), worth={9: 1.0, 15: 0.9})
    early, late = item("a", x, **EVERGREEN), item("b", x, deadline=at(12), **EVERGREEN)
    assert times([early, late], x) == {"a": at(15), "b": at(9)}


@given(
    st.lists(st.floats(0.1, 1), min_size=4, max_size=4),
    st.lists(st.integers(7, 11), min_size=2, max_size=4),
    st.lists(st.integers(10, 13), min_size=4, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_without_limits_no_other_assignment_is_worth_more(worth, earliest, deadlines):
    x = account(1, hours(8, 9, 10, 11), worth=dict(zip((8, 9, 10, 11), worth, strict=True)))
    items = [
        item(f"p{n}", x, earliest=at(begins), deadline=at(ends), **EVERGREEN)
        for n, (begins, ends) in enumerate(zip(earliest, deadlines, strict=False))
    ]
    alone = {
        (each.canonical_id, slot.at): sum(
            placed.value
            for placed in choose([each], by_id(account(1, [slot], worth=dict(x_worth(worth)))), now=NOW).placements
        )
        for each in items
        for slot in x.slots
    }
    best = max(
        sum(alone[each.canonical_id, slot.at] for each, slot in zip(items, order, strict=False))
        for order in permutations(x.slots)
    )
    assert choose(items, by_id(x), now=NOW).value == pytest.approx(best)


def x_worth(worth):
    return zip((8, 9, 10, 11), worth, strict=True)


def test_limits_of_a_rolling_day_are_kept_across_midnight():
    x = account(1, [*hours(20, 22), *hours(6, 21, day=24)], pace=Pace(posts_per_day=2))
    placed = times([item(name, x, **EVERGREEN) for name in "abcd"], x)
    ordered = sorted(placed.values())
    assert all(third - first >= timedelta(hours=24) for first, third in zip(ordered, ordered[2:], strict=False))
    assert len(placed) == 3


def test_what_was_sent_and_what_is_booked_count_against_the_limits():
    day = Pace(posts_per_day=2)
    x = account(1, hours(9, 12), pace=day, sent=[NOW - timedelta(hours=1)], booked=[Booked(at(20), None, None)])
    refused = why_not([item("p", x)], x)
    assert refused == {
        "p": "of its account's 2 slots from Mon 23 Nov 06:30 on none is left: "
        "2 past what it may send (its limit of 2 a day)"
    }


def test_the_site_has_its_buffer_and_other_accounts_have_none():
    site, x = account(1, hours(9, 10), is_home=True), account(2, hours(9, 10))
    wide = Manners(site_buffer=timedelta(hours=2))
    assert len(times([item("a", site, manners=wide), item("b", site, manners=wide)], site)) == 1
    assert len(times([item("a", x, manners=wide), item("b", x, manners=wide)], x)) == 2


def test_simultaneous_versions_go_out_with_the_home_be_there_a_slot_or_not():
    site, x = account(1, hours(9), is_home=True), account(2, hours(12))
    assert times([item("p", site, x)], site, x) == {"p": {"account-1": at(9), "account-2": at(9)}}


def test_where_something_is_in_the_way_a_version_has_the_next_possible_slot():
    site = account(1, hours(9), is_home=True)
    for others, reason in (
        ({"closed": [Span(at(8), at(10), "quiet hours")]}, "there is quiet hours"),
        ({"booked": [Booked(at(9), None, None)]}, "another post goes out"),
        ({"pace": Pace(timedelta(hours=1)), "sent": [at(5, 50)], "booked": [Booked(at(8, 30), None, None)]}, "60 min"),
    ):
        x = account(2, hours(9, 10, 12), worth={12: 1.0}, **others)
        if "booked" in others:
            x = account(2, hours(10, 12), worth={12: 1.0}, **others)
        post = item("p", site, x)
        assert times([post], site, x)["p"] == {"account-1": at(9), "account-2": at(10)}
        told = next(p for p in choose([post], by_id(site, x), now=NOW).placements if p.account_id == x.id).why[0]
        assert told.startswith("the next time it can have after 09:00, where ")
        assert reason in told


def test_staggered_versions_follow_in_their_order():
    site, x, y = account(1, hours(9), is_home=True), account(2), account(3)
    placed = times([item("p", y, site, x, timing=TimingStrategy.STAGGERED, stagger=20)], site, x, y)
    assert placed["p"] == {"account-1": at(9), "account-3": at(9, 20), "account-2": at(9, 40)}


def test_optimized_versions_have_their_best_slots_after_the_home_and_apart():
    site = account(1, hours(9), is_home=True)
    x = account(2, hours(8, 9, 11), worth={8: 1.0, 9: 0.9, 11: 0.8})
    y = account(3, hours(11, 13), worth={11: 0.8, 13: 0.7})
    placed = times([item("p", site, x, y, timing=TimingStrategy.OPTIMIZED)], site, x, y)
    assert placed["p"]["account-1"] == at(9)
    assert sorted((placed["p"]["account-2"], placed["p"]["account-3"])) == [at(11), at(13)]


def test_a_home_leaves_its_best_hour_where_the_others_gain_more_by_another():
    site = account(1, hours(9, 15), is_home=True, worth={9: 0.7, 15: 0.6})
    x = account(2, worth={9: 0.2, 15: 0.9})
    assert times([item("p", site, x, **EVERGREEN)], site, x)["p"] == {"account-1": at(15), "account-2": at(15)}


def test_nothing_goes_out_whose_home_has_no_time():
    site, x = account(1, is_home=True), account(2, hours(9))
    assert why_not([item("p", site, x)], site, x)["p"] == "its home has no time"


def test_what_can_no_longer_go_out_with_its_home_has_its_best_time():
    x = account(2, hours(8, 9), worth={8: 0.3, 9: 1.0})
    assert times([item("p", x, home_at=NOW - timedelta(hours=3))], x) == {"p": at(9)}
    assert times([item("p", x, home_at=at(10, 17))], x) == {"p": at(10, 17)}


def test_a_campaigns_slots_are_kept_for_its_posts_and_they_keep_to_its_window():
    spring, other = UUID(int=5), UUID(int=6)
    x = account(1, [slot.__class__(slot.at, slot.slot_type, spring) for slot in hours(9, 15)], worth={9: 0.5, 15: 1.0})
    assert "no free slot" in why_not([item("p", x)], x)["p"]
    assert "no free slot" in why_not([item("p", x, campaign_id=other)], x)["p"]
    post = item("p", x, campaign_id=spring, window=Span(at(8), at(12), "spring"))
    assert times([post], x) == {"p": at(9)}
    assert why([post], x)["p"].startswith("a slot of its campaign")


def test_a_story_told_twice_keeps_its_spacing_across_accounts():
    x, y = account(1, hours(9)), account(2, [*hours(9), *hours(10)], worth={9: 1.0, 10: 0.5})
    placed = times([item("a", x, story="flood"), item("b", y, story="flood")], x, y)
    assert placed == {"a": at(9), "b": at(10)}
    told = account(3, booked=[Booked(at(9, 10), UUID(int=1), "flood")])
    assert "too near the same story" in why_not([item("a", x, story="flood")], x, told)["a"]


def test_topics_vary_where_it_costs_little():
    x = account(1, hours(9, 10), booked=[Booked(at(5), None, None, frozenset({"rail"}))], worth={9: 0.6, 10: 0.6})
    late = account(2, [*hours(9), *hours(9, day=25)], booked=x.booked, values={})
    post = item("p", late, topics=frozenset({"rail"}), **EVERGREEN)
    assert times([post], late) == {"p": at(9, day=25)}
    assert "a topic of the account's last posts" in why([item("p", x, topics=frozenset({"rail"}))], x)["p"]


def test_a_version_stays_unless_a_move_gains_something():
    worth = {9: 1.0, 10: 0.97}
    x = account(1, hours(9, 10), worth=worth)
    post = item("p", x, **EVERGREEN)
    staying = post.__class__(
        "p", [Version(post.versions[0].distribution_id, x.id, at(10))], post.timing, NOW, "p", is_evergreen=True
    )
    assert times([post], x) == {"p": at(9)}
    assert times([staying], x) == {"p": at(10)}
    assert "no other is worth a move" in why([staying], x)["p"]


def test_an_account_that_is_not_there_is_told():
    x = account(1, hours(9))
    assert why_not([item("p", account(2))], x) == {"p": "its account takes no posts at present"}


def test_of_a_reported_quota_no_more_is_used_than_is_left():
    pace = Pace(quota_remaining=1, quota_reported_at=NOW - timedelta(hours=1), quota_resets_at=at(12))
    x = account(1, hours(9, 10, 12, 13), pace=pace)
    placed = times([item(name, x, **EVERGREEN) for name in "abcd"], x)
    assert len([each for each in placed.values() if each < at(12)]) == 1
    assert len(placed) == 3


def test_default_hours_are_worth_more_than_those_of_which_nothing_is_known():
    worth = values.default_hours("linkedin")
    assert set(worth) == DEFAULT_HOURS["linkedin"]
    assert min(worth.values()) > values.OTHER_HOUR
    assert values.default_hours("mastodon") == {}


@pytest.mark.parametrize("evergreen", [True, False])
def test_late_is_worth_more_than_never(evergreen):
    x = account(1, hours(9, day=30))
    assert choose([item("p", x, is_evergreen=evergreen)], by_id(x), now=NOW).value > 0
