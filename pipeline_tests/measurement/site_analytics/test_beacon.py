"""The beacon over real HTTP: readers are counted once, and nobody who does not want to be."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from pipeline.measurement.site_analytics import beacon
from pipeline.store import page_views, tables, visitors
from pipeline_tests.measurement.site_analytics.conftest import Desk
from pipeline_tests.web import serve_app

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TAGS = "utm_source=x&utm_medium=social&utm_campaign=spring&utm_content="


class Collector:
    """Its clock is ours to set."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.url, self.now = desk, "", datetime.now(UTC)

    def tell(self, account: str = "garden", headers: Mapping[str, str | None] | None = None, **told: Any) -> int:
        body = {"i": "abcdefgh01", "u": "http://127.0.0.1/roses/", "r": "", **told}
        given = {"origin": "http://127.0.0.1", "user-agent": BROWSER, **(headers or {})}
        sent = {name: value for name, value in given.items() if value is not None}
        return httpx.post(f"{self.url}/v/{account}", content=json.dumps(body), headers=sent).status_code

    @property
    def views(self) -> Sequence[Mapping[str, Any]]:
        return self.desk.rows(sa.select(tables.page_views).order_by(tables.page_views.c.at))


@pytest.fixture
def collector(desk: Desk) -> Iterator[Collector]:
    made = Collector(desk)
    desk.page("roses")
    with serve_app(Starlette(routes=beacon.routes(desk.engine, lambda: made.now))) as made.url:
        yield made


def test_a_view_is_kept_with_its_post_and_what_led_to_it_and_how_it_was_read(collector: Collector):
    desk = collector.desk
    with desk.engine.connect() as connection:
        code = connection.scalar(sa.text("select link_code from distributions"))
    address = f"http://127.0.0.1/roses/?{TAGS}{code}#top"
    assert collector.tell(u=address, r="https://www.News.example/today?secret=1") == 204
    assert collector.tell(u=address, s=12.5, d=0.4) == 204
    assert collector.tell(u=address, s=30, d=0.9) == 204
    (view,) = collector.views
    assert (view["path"], view["post_id"], view["referrer_host"]) == ("/roses", desk.posts["/roses/"], "news.example")
    assert (view["utm_source"], view["utm_campaign"], view["utm_content"]) == ("x", "spring", code)
    assert view["distribution_id"] == desk.pages["/roses/"]
    assert (float(view["seconds"]), float(view["scroll"]), view["source"]) == (30, 0.9, "beacon")


def test_a_leaving_whose_view_was_lost_tells_of_the_view_as_well(collector: Collector):
    assert collector.tell(s=5, d=1) == 204
    assert [float(view["seconds"]) for view in collector.views] == [5]


def test_what_is_told_twice_is_one_view_and_the_longer_reading_holds(collector: Collector):
    for seconds in (9, 3):
        collector.tell(s=seconds, d=0.5)
    assert [float(view["seconds"]) for view in collector.views] == [9]


def test_who_objects_is_a_robot_or_speaks_from_elsewhere_is_not_kept_and_not_told_so(collector: Collector):
    uncounted: list[dict[str, str | None]] = [
        {"sec-gpc": "1"},
        {"dnt": "1"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"origin": "https://elsewhere.example"},
        {"origin": None},
        {"origin": "null"},
        {"origin": "http://["},
    ]
    for headers in uncounted:
        assert collector.tell(headers=headers) == 204
        assert collector.views == [], headers


def test_a_page_of_another_site_is_not_counted_and_an_account_that_is_not_there_not_found(collector: Collector):
    assert collector.tell(u="https://elsewhere.example/roses/") == 204
    assert collector.tell(u="http://[") == 204
    assert collector.tell("nobody") == 404
    assert collector.views == []


def test_nonsense_is_refused(collector: Collector):
    nonsense: list[dict[str, Any]] = [
        {"i": "x"},
        {"u": None},
        {"s": -1},
        {"d": 1.5},
        {"s": "NaN"},
        {"u": "x" * 5000},
        {"u": "x" * 9000},
    ]
    for told in nonsense:
        assert collector.tell(**told) == 400, told
    assert collector.views == []


def test_what_a_database_can_not_hold_is_left_out_of_a_view(collector: Collector):
    assert collector.tell(u="http://127.0.0.1/ro%00ses/?utm_source=a%00b") == 204
    (view,) = collector.views
    assert (view["path"], view["utm_source"]) == ("/roses", "ab")


def test_a_visitor_is_one_for_a_day_and_another_the_next_and_the_address_is_nowhere(collector: Collector):
    for number, later in enumerate((timedelta(), timedelta(minutes=1), timedelta(days=1))):
        collector.now += later
        collector.tell(i=f"abcdefgh{number:02}")
    first, second, third = (view["visitor"] for view in collector.views)
    assert first == second != third
    assert "127.0.0.1" not in str([view["visitor"] for view in collector.views])
    collector.tell(i="abcdefgh99", v="reader0123456789abcd")
    assert collector.views[-1]["visitor"] == "id:reader0123456789abcd"


def test_salts_are_forgotten_after_two_days_so_that_nobody_can_tell_who_a_visitor_was(collector: Collector):
    collector.tell()
    with collector.desk.engine.begin() as connection:
        assert visitors.forget_salts(connection) == 0
        connection.execute(sa.text("update visitor_salts set created_at = now() - interval '3 days', day = day - 3"))
        assert visitors.forget_salts(connection) == 1


def test_the_script_is_under_a_kilobyte_sets_no_cookie_and_asks_before_it_counts():
    script = beacon.script().decode()
    assert len(beacon.script()) < 1000
    assert "cookie" not in script
    assert script.index("globalPrivacyControl") < script.index("function p()")


def test_visits_are_told_apart_by_half_an_hour_and_bounces_by_what_follows(collector: Collector):
    start = datetime(2026, 5, 19, 10, tzinfo=UTC)
    tulips = "http://127.0.0.1/tulips/"
    steps = [("a", 0, None), ("a", 5, tulips), ("a", 50, None), ("b", 0, None)]
    for number, (reader, minutes, address) in enumerate(steps):
        collector.now = start + timedelta(minutes=minutes)
        told: dict[str, Any] = {"u": address} if address else {}
        collector.tell(i=f"abcdefgh{number:02}", v=f"reader0123456789{reader}", **told)
    with collector.desk.engine.connect() as connection:
        rows = page_views.counted(
            connection, collector.desk.account, "beacon", timezone="UTC", first=start.date(), last=start.date()
        )
    counted = {row.path: (row.views, row.visitors, row.entries, row.bounces) for row in rows}
    assert counted == {"/roses": (3, 2, 3, 2), "/tulips": (1, 1, 0, 0)}


def test_our_own_count_becomes_the_posts_days(collector: Collector):
    desk = collector.desk
    desk.source("first_party")
    collector.now = datetime(2026, 5, 19, 10, tzinfo=UTC)
    collector.tell(s=60, d=0.5)
    (report,) = desk.sync()
    assert report.error is None
    kept = desk.days("/roses/")[collector.now.date()]
    assert (kept["views"], kept["unique_visitors"], float(kept["bounce_rate"])) == (1, 1, 1)
    assert float(kept["engagement_score"]) == pytest.approx((0.5 + 0.5 + 0) / 3, abs=0.01)


def test_months_whose_views_are_all_too_old_are_dropped_and_the_coming_ones_made(collector: Collector):
    collector.now = datetime(2024, 1, 15, tzinfo=UTC)
    collector.tell()
    now = datetime.now(UTC)
    with collector.desk.engine.begin() as connection:
        made, dropped = page_views.tend(connection, now)
    assert (made, dropped) == (0, 1)
    assert collector.views == []
