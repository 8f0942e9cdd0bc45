"""What the sources tell is kept by day, corrections included, and nothing that fails takes anything else with it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.measurement.site_analytics.engagement import engagement_score
from pipeline.store import tables
from pipeline_tests.factories import row_of
from pipeline_tests.measurement.site_analytics.conftest import NOW, TODAY, YESTERDAY, Desk

DAY = timedelta(days=1)


def test_a_posts_day_is_kept_with_its_engagement_score_and_a_silent_day_is_a_measured_zero(desk: Desk):
    desk.source("plausible")
    roses, tulips = desk.page("roses"), desk.page("tulips")
    desk.readers(roses)
    desk.readers(roses, TODAY)
    (report,) = desk.sync()
    assert (report.error, report.pages, report.told, report.changed) == (None, 2, 1, 6)
    assert TODAY not in desk.days(roses)  # it is not over
    kept = desk.days(roses)[YESTERDAY]
    assert (kept["views"], kept["unique_visitors"], float(kept["avg_time_on_page"])) == (10, 8, 60.0)
    assert (float(kept["bounce_rate"]), float(kept["scroll_depth_avg"])) == (0.4, 0.6)
    # 476 words are two minutes, of which one was spent: a half, seen 0.6, stayed 0.6.
    assert float(kept["engagement_score"]) == pytest.approx((0.5 + 0.6 + 0.6) / 3, abs=0.01)
    silent = desk.days(tulips)[YESTERDAY]
    assert (silent["views"], silent["unique_visitors"], silent["bounce_rate"], silent["engagement_score"]) == (
        *(0, 0),
        *(None, None),
    )


def test_what_is_restated_replaces_the_day_and_stays_in_the_history(desk: Desk):
    desk.source("plausible")
    roses = desk.page("roses")
    for views in (10, 7, 7, 12):  # a figure that falls is kept as it is told
        desk.readers(roses, views=views)
        desk.sync()
    assert desk.days(roses)[YESTERDAY]["views"] == 12
    assert desk.history(roses) == [10, 7, 12]
    before = desk.days(roses)
    (again,) = desk.sync()
    assert again.changed == 0
    assert desk.days(roses) == before


def test_days_that_a_failed_sync_missed_are_read_by_the_next(desk: Desk):
    desk.source("plausible")
    roses = desk.page("roses")
    desk.sync()
    desk.readers(roses, TODAY, views=3)
    for late in range(1, 6):
        desk.sandbox.fault("plausible", "server_error")
        (failed,) = desk.sync(NOW + late * DAY)
        assert failed.error
    (report,) = desk.sync(NOW + 6 * DAY)
    assert (report.first, report.last) == (TODAY, TODAY + 5 * DAY)
    assert desk.days(roses)[TODAY]["views"] == 3


def test_a_source_that_fails_leaves_the_others_and_says_why(desk: Desk, other_account: Callable[..., UUID]):
    wordpress = other_account(name="wordpress", account_key="blog", publish_config={"api_url": "http://127.0.0.1"})
    desk.source("plausible", "first")
    desk.source("matomo", "second", account=wordpress)
    roses = desk.page("roses")
    desk.page("elsewhere", account=wordpress)
    desk.readers(roses)
    desk.sandbox.fault("matomo", "unavailable")
    first, second = desk.sync()
    assert (first.error, bool(second.error)) == (None, True)
    assert desk.days(roses)[YESTERDAY]["views"] == 10
    errors = desk.rows(sa.select(tables.analytics_sources.c.source_key, tables.analytics_sources.c.last_error))
    assert {row["source_key"]: bool(row["last_error"]) for row in errors} == {"first": False, "second": True}


def test_a_vendor_that_asks_for_time_is_not_asked_before_it_is_over(desk: Desk):
    desk.source("plausible")
    roses = desk.page("roses")
    desk.readers(roses)
    now = datetime.now(UTC)
    desk.sandbox.fault("plausible", "rate_limit", seconds=3600)
    (limited,) = desk.sync(now)
    (waiting,) = desk.sync(now + timedelta(minutes=30))
    assert limited.error
    assert "left alone" in (waiting.error or "")
    (asked,) = desk.sync(now + timedelta(minutes=61))
    assert asked.error is None


def test_impossible_figures_of_one_page_are_refused_and_the_other_pages_kept(desk: Desk):
    desk.source("plausible")
    roses, tulips = desk.page("roses"), desk.page("tulips")
    desk.readers(roses, entries=2, bounces=5)
    desk.readers(tulips)
    (report,) = desk.sync()
    assert (report.error, report.refused) == (None, [f"/roses on {YESTERDAY}: a bounce rate of 250%"])
    assert YESTERDAY not in desk.days(roses)
    assert desk.days(tulips)[YESTERDAY]["views"] == 10


def test_where_the_vendor_keeps_rows_to_itself_a_page_without_one_is_unknown_and_not_zero(desk: Desk):
    desk.source("ga4")
    roses = desk.page("roses")
    desk.readers("/small/", visitors=1)
    desk.readers(roses, visitors=1)
    (report,) = desk.sync()
    assert report.error is None
    assert desk.days(roses) == {}


def test_nothing_is_said_of_days_before_a_page_was_out_or_before_it_was_counted(desk: Desk):
    desk.source("plausible", counts_since=TODAY - 5 * DAY)
    roses, tulips = desk.page("roses", NOW - 30 * DAY), desk.page("tulips", NOW - 2 * DAY)
    desk.readers(roses, TODAY - 6 * DAY)
    desk.sync()
    assert min(desk.days(roses)) == TODAY - 5 * DAY
    assert min(desk.days(tulips)) == TODAY - 2 * DAY


def test_an_old_page_keeps_its_silent_days_only_while_it_fades(desk: Desk):
    desk.source("plausible", counts_since=TODAY - 70 * DAY)
    old = desk.page("old", NOW - 400 * DAY)
    desk.readers(old, TODAY - 65 * DAY)
    desk.sync()
    days = sorted(desk.days(old))
    assert days[0] == TODAY - 65 * DAY
    assert days[-1] == TODAY - 9 * DAY  # 56 days later


def test_a_wordpress_gets_the_views_that_its_own_platform_does_not_count(
    desk: Desk, other_account: Callable[..., UUID]
):
    wordpress = other_account(name="wordpress", account_key="blog", publish_config={"api_url": "http://127.0.0.1"})
    desk.source("matomo", account=wordpress)
    page = desk.page("elsewhere", account=wordpress)
    assert row_of(desk.engine, desk.pages[page]).impressions is None
    desk.readers(page, YESTERDAY - DAY, views=7)
    desk.readers(page, views=4)
    desk.sync()
    row = row_of(desk.engine, desk.pages[page])
    assert (row.impressions, row.reach, row.clicks, row.engagements) == (11, None, None, None)
    assert desk.days(page) == {}  # it is not the post's home


def test_credentials_that_are_not_there_concern_their_source_alone(desk: Desk):
    desk.source("plausible", credentials_secret_id="sandbox:nobody")
    desk.page("roses")
    (report,) = desk.sync()
    assert "stand-in" in (report.error or "")


@pytest.mark.parametrize(
    ("known", "score"),
    [
        ({"seconds": 60, "scroll_depth": None, "bounce_rate": 0.5}, 0.5),
        ({"seconds": 999, "scroll_depth": 1.0, "bounce_rate": 0.0}, 1.0),
        ({"seconds": None, "scroll_depth": None, "bounce_rate": 0.5}, None),
        ({"seconds": None, "scroll_depth": None, "bounce_rate": None}, None),
    ],
)
def test_the_engagement_score_is_a_fraction_of_what_is_known_and_never_of_one_thing_alone(
    known: dict[str, float | None], score: float | None
):
    assert engagement_score(views=5, words=476, **known) == score
    assert engagement_score(views=0, words=476, **known) is None
