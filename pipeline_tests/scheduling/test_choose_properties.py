"""What holds of every choice of times, whatever the accounts and posts."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scheduling.choose import choose
from pipeline.scheduling.pace import departures
from pipeline.vocabulary import TimingStrategy
from pipeline_tests.scheduling.worlds import NOW, worlds

EXAMPLES = settings(max_examples=25, deadline=None)


@given(worlds())
@EXAMPLES
def test_each_version_is_placed_or_told_why_not_and_the_value_is_that_of_the_placed(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    told = [each.distribution_id for each in choice.placements] + [each.distribution_id for each in choice.unplaced]
    assert sorted(told) == sorted(version.distribution_id for item in items for version in item.versions)
    assert all(each.why for each in choice.placements)
    assert all(each.reason for each in choice.unplaced)
    assert choice.value == pytest.approx(sum(each.value for each in choice.placements))
    assert choice.value >= choice.greedy_value - 1e-9


@given(worlds())
@EXAMPLES
def test_an_instant_is_the_accounts_own_within_the_posts_time_and_in_nothing_closed(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    post = {item.canonical_id: item for item in items}
    for each in choice.placements:
        item, calendar = post[each.canonical_id], calendars[each.account_id]
        assert each.at >= max(NOW, item.earliest)
        assert item.deadline is None or each.at < item.deadline
        assert item.window is None or item.window.begins <= each.at < item.window.ends
        assert not any(span.begins <= each.at < span.ends for span in calendar.closed)
    for calendar in calendars.values():
        taken = [each.at for each in calendar.booked] + [p.at for p in choice.placements if p.account_id == calendar.id]
        assert len(taken) == len(set(taken))


@given(worlds())
@EXAMPLES
def test_all_that_is_placed_leaves_at_its_time_and_delays_nothing_that_stood(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    for calendar in calendars.values():
        booked = sorted(each.at for each in calendar.booked if each.at >= NOW)
        alone = [departure.at for departure in departures(calendar.pace, calendar.sent, booked)]
        placed = [each.at for each in choice.placements if each.account_id == calendar.id]
        together = sorted(alone + placed)
        assert [each.at for each in departures(calendar.pace, calendar.sent, together)] == together


@given(worlds())
@EXAMPLES
def test_the_site_keeps_its_buffer_and_a_story_its_spacing(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    post = {item.canonical_id: item for item in items}
    for calendar in calendars.values():
        mine = [item for item in items if any(version.account_id == calendar.id for version in item.versions)]
        if calendar.is_home and mine:
            buffer = max(item.manners.site_buffer for item in mine)
            placed = sorted(each.at for each in choice.placements if each.account_id == calendar.id)
            assert all(later - earlier >= buffer for earlier, later in pairwise(placed))
    for one in choice.placements:
        item = post[one.canonical_id]
        apart = item.timing.strategy == TimingStrategy.OPTIMIZED
        for other in choice.placements:
            same_post = other.canonical_id == one.canonical_id
            if one is not other and post[other.canonical_id].story == item.story and (apart or not same_post):
                assert abs(one.at - other.at) >= item.manners.story_spacing
        for calendar in calendars.values():
            for booked in calendar.booked:
                if booked.story == item.story and (apart or booked.post_id != item.post_id):
                    assert abs(one.at - booked.at) >= item.manners.story_spacing


@given(worlds())
@EXAMPLES
def test_nothing_is_before_its_home_and_what_follows_it_is_when_its_timing_says_or_later(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    placed = {each.distribution_id: each.at for each in choice.placements}
    for item in items:
        homes = [version for version in item.versions if calendars[version.account_id].is_home]
        others = [version for version in item.versions if version not in homes]
        home_at = placed.get(homes[0].distribution_id) if homes else item.home_at
        if home_at is None:
            assert not homes or not any(version.distribution_id in placed for version in others)
            continue
        for nth, version in enumerate(others, start=1):
            at = placed.get(version.distribution_id)
            wanted = nth * item.timing.stagger if item.timing.strategy == TimingStrategy.STAGGERED else timedelta(0)
            meant = home_at + wanted
            assert at is None or at >= (meant if meant >= max(NOW, item.earliest) else home_at)


@given(worlds())
@EXAMPLES
def test_what_no_timing_binds_is_in_a_free_slot_of_its_own_or_its_campaigns_or_stays(world):
    items, calendars = world
    choice = choose(items, calendars, now=NOW)
    version = {each.distribution_id: each for item in items for each in item.versions}
    post = {item.canonical_id: item for item in items}
    for each in choice.placements:
        item, calendar = post[each.canonical_id], calendars[each.account_id]
        if item.timing.strategy == TimingStrategy.OPTIMIZED or calendar.is_home:
            slots = {slot.at for slot in calendar.slots if slot.campaign_id in (None, item.campaign_id)}
            assert each.at in slots | {version[each.distribution_id].present}


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_same_input_gives_the_same_choice_in_whatever_order_it_comes(world, chance: random.Random):
    items, calendars = world
    shuffled = chance.sample(items, len(items))
    others = dict(chance.sample(list(calendars.items()), len(calendars)))
    assert choose(shuffled, others, now=NOW) == choose(items, calendars, now=NOW)
