"""When posts would leave, by an account's limits: checked against what the limits say."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.scheduling.pace import Departure, Pace, departures

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTES = st.integers(0, 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
LIMIT = st.none() | st.integers(1, 6)


def at(*minutes: float) -> list[datetime]:
    return [NOW + timedelta(minutes=minute) for minute in minutes]


def test_without_limits_everything_leaves_at_its_time():
    assert departures(Pace(), [], at(1, 1, 2)) == [Departure(moment, None) for moment in at(1, 1, 2)]


def test_the_limit_that_binds_is_named():
    times = at(0, 0, 0)
    by_interval = departures(Pace(min_interval=timedelta(minutes=30)), [], times)
    assert by_interval == [
        Departure(moment, limit)
        for moment, limit in zip(at(0, 30, 60), [None, *["its limit of one post every 30 min"] * 2], strict=True)
    ]
    by_hour = departures(Pace(posts_per_hour=2, posts_per_day=9), at(-10), times)
    assert [(each.at, each.limit) for each in by_hour] == [
        (NOW, None),
        (NOW + timedelta(minutes=50), "its limit of 2 an hour"),
        (NOW + timedelta(minutes=60), "its limit of 2 an hour"),
    ]


def test_a_reported_quota_counts_what_was_sent_since_and_ends_with_its_window():
    pace = Pace(quota_remaining=2, quota_reported_at=NOW, quota_resets_at=NOW + timedelta(hours=3))
    leaving = departures(pace, at(-5, 10), at(20, 30, 200))
    assert [each.at for each in leaving] == at(20, 180, 200)
    assert leaving[1].limit == "the quota that its platform reported"
    used_up = Pace(quota_remaining=0, quota_reported_at=NOW, quota_resets_at=NOW + timedelta(hours=3))
    assert [each.at for each in departures(used_up, [], at(20, 200))] == at(180, 200)


@given(st.lists(MINUTES, max_size=12), st.lists(MINUTES, max_size=12), st.integers(0, 90), LIMIT, LIMIT)
def test_no_rolling_window_holds_more_than_its_limit_and_nothing_waits_without_one(ago, ahead, interval, hourly, daily):
    pace = Pace(timedelta(minutes=interval), posts_per_hour=hourly, posts_per_day=daily)
    sent, times = sorted(NOW - each for each in ago), sorted(NOW + each for each in ahead)
    leaving = departures(pace, sent, times)
    moments = [*sent, *(each.at for each in leaving)]
    assert moments == sorted(moments)
    for index, (time, departure) in enumerate(zip(times, leaving, strict=True), start=len(sent)):
        assert departure.at >= time
        assert (departure.limit is None) == (departure.at == time)
        before = moments[:index]
        free = [departure.at - moment for moment in before]
        assert all(gap >= pace.min_interval for gap in free)
        for most, window in ((hourly, timedelta(hours=1)), (daily, timedelta(hours=24))):
            assert most is None or sum(gap < window for gap in free) < most
        if departure.limit is not None:  # a moment sooner, and a limit would be broken
            sooner = departure.at - timedelta(seconds=1)
            gaps = [sooner - moment for moment in before]
            assert (
                any(gap < pace.min_interval for gap in gaps)
                or (hourly is not None and sum(gap < timedelta(hours=1) for gap in gaps) >= hourly)
                or (daily is not None and sum(gap < timedelta(hours=24) for gap in gaps) >= daily)
            )
