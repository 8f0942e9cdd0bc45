"""How a post's versions follow each other."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.timing import Timing, offsets
from pipeline.vocabulary import TimingStrategy

QUARTER = timedelta(minutes=15)
timings = st.builds(
    Timing, st.sampled_from(TimingStrategy), st.integers(1, 2000).map(lambda minutes: timedelta(minutes=minutes))
)


def test_simultaneous_versions_have_one_instant():
    assert offsets(Timing(), [True, False, False]) == [timedelta(0)] * 3


def test_staggered_versions_follow_the_home_one_after_another():
    timing = Timing(TimingStrategy.STAGGERED, QUARTER)
    assert offsets(timing, [True, False, False]) == [timedelta(0), QUARTER, 2 * QUARTER]


def test_without_a_home_the_first_of_the_staggered_goes_out_at_the_instant():
    assert offsets(Timing(TimingStrategy.STAGGERED, QUARTER), [False, False]) == [timedelta(0), QUARTER]


def test_optimized_versions_have_their_times_chosen_and_the_home_goes_out_at_the_instant():
    assert offsets(Timing(TimingStrategy.OPTIMIZED), [True, False]) == [timedelta(0), None]


@given(timings, st.lists(st.booleans(), max_size=5))
def test_nothing_is_before_the_instant_or_its_home_and_the_home_is_on_time(timing, is_home):
    found = offsets(timing, is_home)
    assert len(found) == len(is_home)
    assert all(after is None or after >= timedelta(0) for after in found)
    assert all(after == timedelta(0) for after, home in zip(found, is_home, strict=True) if home)
