from datetime import timedelta

import httpx
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.server import running
from pipeline.sandbox.x.credentials import BEARER_TOKEN

ages = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400))


@given(st.text(), ages, ages)
def test_figures_never_shrink_and_stay_the_same_at_the_same_age(publication: str, one: timedelta, other: timedelta):
    earlier, later = (Growth(publication, age) for age in sorted((one, other)))
    assert earlier.share("likes", 1000, 0.01, 0.5) <= later.share("likes", 1000, 0.01, 0.5) <= 500
    assert later.share("likes", 1000, 0.01, 0.5) == Growth(publication, later.age).share("likes", 1000, 0.01, 0.5)


@given(st.text(), ages)
def test_a_part_never_exceeds_its_whole(publication: str, age: timedelta):
    growth = Growth(publication, age)
    whole = growth.final("impressions", 250, 20_000)
    assert 250 <= whole <= 20_001
    assert growth.share("likes", whole, 0.004, 0.04) <= growth.share("impressions", whole, 1, 1)


def test_figures_start_at_nothing_and_level_off():
    seen = [Growth("x/1", timedelta(hours=hours)).share("likes", 1e6, 1, 1) for hours in (0, 1, 24, 24 * 30, 24 * 31)]
    assert seen[0] == 0
    assert seen[0] < seen[1] < seen[2] < seen[3]
    assert seen[4] - seen[3] < seen[1]


def test_a_faster_clock_shows_growth_at_once_and_hides_what_x_hides_after_thirty_days():
    # At this speed the moment between the two calls is years.
    with (
        running(speed=1e12) as sandbox,
        httpx.Client(base_url=f"{sandbox.url}/x/2", headers={"Authorization": f"Bearer {BEARER_TOKEN}"}) as x,
    ):
        made = x.post("/tweets", json={"text": "Hello"}).json()["data"]
        fields = {"tweet.fields": "public_metrics,non_public_metrics"}
        seen = x.get(f"/tweets/{made['id']}", params=fields).json()
    assert seen["data"]["public_metrics"]["impression_count"] >= 249
    assert "non_public_metrics" not in seen["data"]
    assert seen["errors"][0]["title"] == "Field Authorization Error"
