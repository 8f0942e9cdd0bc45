"""The last look before sending, and the home pages that it asks over real HTTP."""

import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from pipeline.distribution.own_pages import HomePages, own_origins
from pipeline.distribution.preflight import Objection, objection
from pipeline.distribution.publish import publish_due
from pipeline.platforms.base import Account
from pipeline.platforms.content import Problem
from pipeline.store import claims, tables
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD, Platform, _TestAdapter
from pipeline_tests.web import serve


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def item(connection):
    """Approved, scheduled, and claimed."""
    factories.distribution(connection, factories.account(connection))
    (claimed,) = claims.claim(connection, worker="w", lease=timedelta(minutes=1), lanes=1)
    return claimed


def adapter_of(platform):
    return _TestAdapter(Account("x", "x", {}), platform)


def raises(content):
    raise ValueError("max_weighted_length")


def look(item, platform=None, *, live=True):
    return objection(item, adapter_of(platform or Platform()), lambda url: live)


def test_what_was_approved_and_is_fit_may_be_sent(item):
    assert look(item) is None
    assert look(replace(item, home_url="http://127.0.0.1:9/")) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"approved_hash": None}, "never approved"),
        ({"body": "Something else"}, "changed after it was approved"),
        ({"link_url": "http://127.0.0.1:9/elsewhere/"}, "changed after it was approved"),
        ({"media_urls": ["http://127.0.0.1:9/a.png"]}, "changed after it was approved"),
        ({"post_status": "archived"}, "its post is archived"),
        ({"post_status": "review"}, "its post is review"),
    ],
)
def test_what_a_person_must_decide_is_held(item, change, reason):
    found = look(replace(item, **change), live=False)
    assert found is not None
    assert reason in found.reason
    assert found.wait is False


def test_a_content_that_its_platform_would_no_longer_take_is_held_with_what_is_wrong(item):
    platform = Platform()
    platform.problems = lambda content: [Problem("body", "The post counts 300 characters; 280 are allowed.")]
    found = look(item, platform)
    assert found is not None
    assert "body: The post counts 300 characters" in found.reason
    assert found.wait is False


def test_settings_that_make_an_adapter_fail_hold_the_post_and_end_nothing(item):
    platform = Platform()
    platform.problems = raises
    found = look(item, platform)
    assert found is not None
    assert "ValueError" in found.reason
    assert "max_weighted_length" not in found.reason
    assert found.wait is False


def test_a_home_page_that_does_not_answer_is_waited_for(item):
    found = look(replace(item, home_url="http://127.0.0.1:9/how-to-prune/"), live=False)
    reason = "the article's page http://127.0.0.1:9/how-to-prune/ does not answer yet"
    assert found == Objection(reason, wait=True)


def test_a_worker_sends_to_nobody_before_the_home_page_answers_and_looks_again_in_a_minute(engine, connection):
    post_id, review_id = factories.approved_post(connection)
    status = 404
    with serve(lambda request: (status, {}, b"")) as pages:
        home = factories.account(
            connection, name="site", account_key="site", is_home=True, publish_config={"base_url": pages}
        )
        factories.distribution(connection, home, post_id=post_id, review_id=review_id)
        social = factories.distribution(connection, factories.account(connection), post_id=post_id, review_id=review_id)
        platform = Platform(pages=pages)
        publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
        assert [key for key, _, _ in platform.sent] == ["site"]
        row = factories.row_of(engine, social)
        assert (row.status, row.retry_count) == ("scheduled", 0)
        assert "does not answer yet" in row.error_message
        wait = row.next_attempt_at - datetime.now(row.next_attempt_at.tzinfo)
        assert timedelta(seconds=30) < wait <= timedelta(minutes=1)
        status = 200
        connection.execute(
            tables.distributions.update()
            .where(tables.distributions.c.id == social)
            .values(next_attempt_at=sa.func.now())
        )
        publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert platform.effects_of(social) == 1


@pytest.fixture
def pages():
    """A site on loopback: what it answers by path, and how often each was asked."""

    site = SimpleNamespace(answers={}, asked=Counter())

    def answer(request):
        site.asked[request.path] += 1
        return site.answers.get(request.path, (404, {}, b""))

    with serve(answer) as site.url:
        site.origin = site.url
        site.home = HomePages(lambda: {site.origin})
        yield site


@pytest.mark.parametrize(("status", "live"), [(200, True), (204, False), (404, False), (410, False), (503, False)])
def test_a_page_is_live_when_it_answers_200(pages, status, live):
    pages.answers["/a/"] = (status, {}, b"")
    assert pages.home.is_live(f"{pages.url}/a/") is live


def test_a_page_that_answered_is_believed_and_one_that_did_not_is_asked_again(pages):
    assert not pages.home.is_live(f"{pages.url}/a/")
    pages.answers["/a/"] = (200, {}, b"")
    assert all(pages.home.is_live(f"{pages.url}/a/") for _ in range(10))
    assert pages.asked == {"/a/": 2}


def test_ten_that_ask_at_once_ask_once(pages):
    asked, answering = threading.Event(), threading.Event()

    def slowly(request):
        pages.asked[request.path] += 1
        asked.set()
        assert answering.wait(10)
        return 404, {}, b""

    with serve(slowly) as url:
        home = HomePages(lambda: {url})
        answers: list[bool] = []
        threads = [threading.Thread(target=lambda: answers.append(home.is_live(f"{url}/a/"))) for _ in range(10)]
        threads[0].start()
        assert asked.wait(10)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            wait_until_inside(thread, HomePages.is_live)
        answering.set()
        for thread in threads:
            thread.join()
    assert answers == [False] * 10
    assert pages.asked == {"/a/": 1}


def wait_until_inside(thread, function):
    def frames():
        frame = sys._current_frames().get(thread.ident)
        while frame is not None:
            yield frame.f_code
            frame = frame.f_back

    while function.__code__ not in frames():
        time.sleep(0.001)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_a_private_address_is_asked_only_at_the_host_and_port_that_were_set_up(pages, host):
    pages.answers["/a/"] = (200, {}, b"")
    port = pages.url.rpartition(":")[2]
    assert not pages.home.is_live(f"http://{host}:{port}/a/")
    pages.origin = "http://127.0.0.1:1"
    assert not pages.home.is_live(f"{pages.url}/a/")
    assert pages.asked == {}


def test_a_redirect_to_another_service_of_this_machine_is_not_followed(pages):
    with serve(lambda request: (200, {}, b"secrets")) as other:
        pages.answers["/a/"] = (302, {"Location": f"{other}/"}, b"")
        assert not pages.home.is_live(f"{pages.url}/a/")
    pages.answers["/a/"] = (301, {"Location": "/b/"}, b"")
    pages.answers["/b/"] = (200, {}, b"")
    assert pages.home.is_live(f"{pages.url}/a/")


def test_our_own_origins_are_what_an_operator_set_up(engine, connection):
    factories.vertical(connection, base_url="http://127.0.0.1:3001/magazine")
    factories.account(connection, is_home=True, publish_config={"base_url": "HTTPS://Example.COM/x"})
    factories.account(connection, is_home=True, publish_config={"api_url": "http://10.0.0.7"})
    factories.account(connection, is_home=True, publish_config={"api_url": "nonsense"})
    factories.account(connection, publish_config={"base_url": "http://10.0.0.8"})
    assert own_origins(engine) == {"http://127.0.0.1:3001", "https://example.com:443", "http://10.0.0.7:80"}
