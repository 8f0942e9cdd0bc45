"""A real browser on a real page of the site: what the script on it tells the collector."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.measurement.collector import create_app
from pipeline.platforms.site import server as site_server
from pipeline.store import tables
from pipeline_tests.measurement.site_analytics.conftest import Desk
from pipeline_tests.platforms.own_site.browser import chromium
from pipeline_tests.platforms.own_site.conftest import Site
from pipeline_tests.web import serve_app

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
LONG = "".join(f"<p>Paragraph {number} of a long story.</p>" for number in range(200))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def views(desk: Desk) -> list[Any]:
    return [dict(row) for row in desk.rows(sa.select(tables.page_views))]


def wait_for(page: Any, desk: Desk, told: Callable[[list[Any]], bool]) -> list[Any]:
    for _ in range(100):
        if told(found := views(desk)):
            return found
        page.wait_for_timeout(100)
    return views(desk)


def test_a_reader_is_counted_with_time_and_depth_and_one_who_objects_is_not(desk: Desk, tmp_path: Path, browser: Any):
    folder = tmp_path / "site"
    with serve_app(site_server.create_app(folder)) as address, serve_app(create_app(desk.engine, secret=None)) as told:
        with desk.engine.begin() as connection:
            config = {"base_url": address, "folder": str(folder), "name": "Garden"}
            connection.execute(tables.platforms.update().values(publish_config=config))
        site = Site(folder, address, settings={"beacon_url": f"{told}/v/garden"})
        site.publish("roses", body=LONG)
        context = browser.new_context(user_agent=AGENT, viewport={"width": 800, "height": 600})
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{address}/roses/?utm_source=x")
        (view,) = wait_for(page, desk, bool)
        assert (view["path"], view["utm_source"], view["seconds"], view["referrer_host"]) == ("/roses", "x", None, None)
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight / 2)")
        page.wait_for_timeout(600)
        # Not by going elsewhere: what a page sends as it goes, this Chromium signs as a program again, and so no reader.
        page.evaluate("window.dispatchEvent(new Event('pagehide'))")
        (view,) = wait_for(page, desk, lambda found: any(each["seconds"] for each in found))
        assert 0.5 <= float(view["seconds"]) < 20
        assert 0.4 < float(view["scroll"]) < 0.9
        assert complaints == []
        assert context.cookies() == []
        context.close()

        objecting = browser.new_context(user_agent=AGENT)
        objecting.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
        page = objecting.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/roses/")
        page.wait_for_timeout(500)
        assert not [url for url in asked if url.startswith(told)]
        objecting.close()
        assert len(views(desk)) == 1


def test_a_reader_is_known_again_only_where_the_site_says_so(desk: Desk, tmp_path: Path, browser: Any):
    folder = tmp_path / "site"
    with serve_app(site_server.create_app(folder)) as address, serve_app(create_app(desk.engine, secret=None)) as told:
        with desk.engine.begin() as connection:
            config = {"base_url": address, "folder": str(folder), "name": "Garden"}
            connection.execute(tables.platforms.update().values(publish_config=config))
        Site(folder, address, settings={"beacon_url": f"{told}/v/garden"}).publish("roses")
        remembering = {"beacon_url": f"{told}/v/garden", "beacon_remembers": "true"}
        Site(folder, address, settings=remembering).publish("tulips")
        context = browser.new_context(user_agent=AGENT)
        page = context.new_page()
        for number, path in enumerate(("/roses/", "/tulips/", "/tulips/"), start=1):
            page.goto(f"{address}{path}")
            wait_for(page, desk, lambda found, number=number: len(found) >= number)  # type: ignore[misc]
        context.close()
        by_path: dict[str, set[str]] = {}
        for view in views(desk):
            by_path.setdefault(view["path"], set()).add(view["visitor"])
        assert not any(visitor.startswith("id:") for visitor in by_path["/roses"])
        (known,) = by_path["/tulips"]
        assert known.startswith("id:")
