"""What is learned of the week's hours, of readers whose hours are known."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.timing.week import HOURS
from pipeline_tests.learning.timing.audiences import (
    EVENING,
    MORNING,
    NOBODY_CARES,
    NOW,
    published,
    smooth_effect,
    values,
    weeks,
)


def best_hour_of_day(week):
    return int(values(week).reshape(7, 24).mean(axis=0).argmax())


def test_the_hours_at_which_readers_are_there_are_found_and_a_good_hour_is_worth_1():
    rng = np.random.default_rng(1)
    (week,) = weeks(published(rng, [EVENING], [600]), [0])
    assert abs(best_hour_of_day(week) - 19) <= 2
    assert (values(week) >= 1).sum() == HOURS // 10 + 1
    told = {hour.hour.hour: hour.beats_mean for hour in week.hours if hour.hour.day_of_week == 3}
    assert told[19] is True
    assert told[7] is False
    assert all(hour.low <= hour.value <= hour.high for hour in week.hours)


def test_an_account_with_few_publications_has_its_platforms_hours_and_not_those_of_another_platform():
    rng = np.random.default_rng(2)
    counts = [400, 400, 400, 400, 400, 400, 5]
    effects = [EVENING, EVENING, EVENING, MORNING, MORNING, MORNING, NOBODY_CARES]
    *_, week = weeks(published(rng, effects, counts), [0, 0, 0, 1, 1, 1, 0])
    assert abs(best_hour_of_day(week) - 19) <= 3


def test_an_account_with_many_publications_has_its_own_hours_whatever_its_platforms_others_have():
    rng = np.random.default_rng(3)
    *_, week = weeks(published(rng, [EVENING, EVENING, EVENING, MORNING], [300, 300, 300, 900]), [0] * 4)
    assert abs(best_hour_of_day(week) - 7) <= 3


def test_with_few_publications_nothing_is_said():
    rng = np.random.default_rng(4)
    of_few, of_none = weeks(published(rng, [EVENING, EVENING], [15, 0]), [0, 1])
    assert (of_few.publications, of_few.hours) == (15, ())
    assert (of_none.publications, of_none.hours) == (0, ())


def test_where_hours_make_no_difference_hardly_one_is_told_apart():
    told = 0
    for seed in range(6):
        of_accounts = weeks(published(np.random.default_rng(seed), [NOBODY_CARES] * 3, [200] * 3, news=0.4), [0, 0, 1])
        told += sum(hour.beats_mean is not None for week in of_accounts for hour in week.hours)
    assert told <= 0.05 * 6 * 3 * HOURS


def test_the_intervals_hold_the_truth_about_as_often_as_they_say():
    held = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        effects = [smooth_effect(rng, 0.4) for _ in range(6)]
        for effect, week in zip(effects, weeks(published(rng, effects, [300] * 6), [0, 0, 0, 1, 1, 1]), strict=True):
            # Relative to the week as a whole, as the truth is.
            level = np.log(values(week)).mean()
            low = np.log([hour.low for hour in week.hours]) - level
            high = np.log([hour.high for hour in week.hours]) - level
            held.append(((low <= effect) & (effect <= high)).mean())
    assert 0.82 <= np.mean(held) <= 0.97


def test_an_hour_without_a_publication_is_like_its_neighbours_and_midnight_divides_nothing():
    rng = np.random.default_rng(5)
    at_midnight = 0.8 * np.cos(2 * np.pi * np.arange(HOURS) / 24)
    publications = published(rng, [at_midnight], [900])
    never = publications.hour % 24 != 0
    kept = replace(publications, **{name: getattr(publications, name)[never] for name in publications.__slots__})
    (week,) = weeks(kept, [0])
    hours = values(week).reshape(7, 24).mean(axis=0)
    assert all(hour.n == 0 for hour in week.hours if hour.hour.hour == 0)
    assert hours[0] > 0.9 * max(hours[23], hours[1])
    assert hours[12] < 0.6 * hours[0]


def test_what_readers_did_lately_counts_more_than_what_they_did_a_year_ago():
    rng = np.random.default_rng(6)
    old, new = published(rng, [MORNING], [600], days=90), published(rng, [EVENING], [600], days=90)
    both = {name: np.concatenate([getattr(old, name), getattr(new, name)]) for name in old.__slots__}
    both["age_days"] = np.concatenate([old.age_days + 270, new.age_days])
    both["day"] = np.concatenate([old.day, new.day + 270])
    both["log_engagement"] = np.concatenate([old.log_engagement, new.log_engagement])
    (week,) = weeks(type(old)(**both), [0])
    assert abs(best_hour_of_day(week) - 19) <= 3


def test_an_account_that_grew_does_not_make_the_hours_good_to_which_it_moved():
    rng = np.random.default_rng(7)
    publications = published(rng, [NOBODY_CARES], [600], days=280, noise=0.5)
    later = publications.day >= 140
    # At first it published in mornings, then in evenings, with five times the readers.
    hour = publications.hour // 24 * 24 + np.where(later, 19, 7) + rng.integers(-3, 4, len(later))
    (week,) = weeks(
        replace(publications, hour=hour, log_engagement=publications.log_engagement + np.log(5) * later), [0]
    )
    hours = values(week).reshape(7, 24).mean(axis=0)
    assert hours[19] / hours[7] < 1.3


def test_ten_posts_of_one_loud_day_do_not_speak_for_ten():
    told = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        publications = published(rng, [NOBODY_CARES], [900], news=0.4)
        # All of a day go out in one hour, and have the day's news in common.
        hour = publications.day % 7 * 24 + rng.integers(0, 24, 90)[publications.day]
        (week,) = weeks(replace(publications, hour=hour), [0])
        told += sum(hour.beats_mean is not None for hour in week.hours)
    assert told <= 0.03 * 4 * HOURS


def test_the_draws_hang_on_the_week_so_that_plans_stay_as_they_are():
    publications = published(np.random.default_rng(9), [EVENING], [100])
    (today,) = weeks(publications, [0])
    (tomorrow,) = weeks(publications, [0], now=NOW + timedelta(days=1))
    (next_week,) = weeks(publications, [0], now=NOW + timedelta(days=7))
    drawn, later = ([hour.drawn for hour in week.hours] for week in (today, next_week))
    assert drawn == [hour.drawn for hour in tomorrow.hours]
    assert max(abs(np.log(drawn) - np.log(later))) > 0.1
    assert [hour.value for hour in today.hours] == [hour.value for hour in next_week.hours]


@pytest.mark.parametrize("unknown", [0.0, 0.5])
def test_a_publication_whose_figure_is_not_known_is_left_out_and_no_zero(unknown):
    rng = np.random.default_rng(10)
    publications = published(rng, [EVENING], [300])
    hidden = rng.random(300) < unknown
    (week,) = weeks(replace(publications, log_engagement=np.where(hidden, np.nan, publications.log_engagement)), [0])
    assert week.publications == 300 - hidden.sum()
    assert np.isfinite(values(week)).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_the_order_of_publications_means_nothing_and_all_numbers_are_finite(seed, counts):
    rng = np.random.default_rng(seed)
    publications = published(rng, [smooth_effect(rng, 0.5) for _ in counts], counts)
    shuffled = rng.permutation(len(publications.hour))
    other = replace(publications, **{name: getattr(publications, name)[shuffled] for name in publications.__slots__})
    platforms = [number % 2 for number in range(len(counts))]
    for one, two in zip(weeks(publications, platforms), weeks(other, platforms), strict=True):
        assert len(one.hours) == len(two.hours)
        numbers = [(hour.low, hour.value, hour.high, hour.drawn) for hour in one.hours]
        assert np.isfinite(numbers).all()
        again = [(hour.low, hour.value, hour.high, hour.drawn) for hour in two.hours]
        assert np.allclose(np.array(numbers), np.array(again), rtol=1e-3)
