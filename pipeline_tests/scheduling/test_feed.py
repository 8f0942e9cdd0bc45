"""The calendar's feed over real HTTP: who may read it, and what is sent again."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import icalendar
import pytest

from pipeline.scheduling.feed import create_app, path
from pipeline.store import calendar_view
from pipeline.store.database import transaction
from pipeline.store.tables import distributions
from pipeline_tests import factories
from pipeline_tests.web import serve_app


class Newsroom:
    """A database with one account and a feed; `now` is the feed's clock."""

    def __init__(self, engine):
        self.engine = engine
        self.now = datetime.now(UTC)
        with transaction(engine, "test") as connection:
            self.account_id = factories.account(connection, account_key="x-main")

    def schedule(self, due_in=timedelta(hours=1)):
        with transaction(self.engine, "test") as connection:
            return factories.distribution(connection, self.account_id, due_in=due_in)

    def change(self, distribution_id, **values):
        with transaction(self.engine, "test") as connection:
            connection.execute(distributions.update().where(distributions.c.id == distribution_id).values(**values))

    def make_token(self):
        with transaction(self.engine, "test") as connection:
            return calendar_view.make_feed_token(connection)

    @contextmanager
    def client(self):
        with serve_app(create_app(self.engine, clock=lambda: self.now)) as url, httpx.Client(base_url=url) as client:
            yield client


@pytest.fixture
def newsroom(engine):
    return Newsroom(engine)


def uids(response):
    return {str(event["uid"]) for event in icalendar.Calendar.from_ical(response.content).walk("VEVENT")}


def test_whoever_knows_the_secret_reads_the_calendar_and_nobody_else_anything(newsroom):
    identifier = newsroom.schedule()
    with newsroom.client() as client:
        assert client.get(path("x" * 43)).status_code == 404  # nobody has asked for an address yet
        token = newsroom.make_token()
        answer = client.get(path(token))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert uids(answer) == {str(identifier)}
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["referrer-policy"] == "no-referrer"
        wrong = ["/", "/robots.txt", f"/{token}", f"/{token}/", f"{path(token)}/", path(token[:-1]), path(token + "x")]
        wrong += [path(""), path("é" * 43), path("%00"), path(token.swapcase()), f"/{token}/../{token}/x.ics"]
        for address in wrong:
            refused = client.get(address)
            assert (refused.status_code, refused.text) == (404, "Not Found"), address
        assert client.head(path(token)).status_code == 200
        assert client.post(path(token)).status_code == client.post(path("x")).status_code == 405


def test_a_new_secret_counts_at_once(newsroom):
    token = newsroom.make_token()
    with newsroom.client() as client:
        assert client.get(path(token)).status_code == 200
        with transaction(newsroom.engine, "test") as connection:
            new = calendar_view.rotate_feed_token(connection)
        assert client.get(path(token)).status_code == 404
        assert client.get(path(new)).status_code == 200


def test_what_is_known_already_is_not_sent_again_until_something_moves(newsroom):
    identifier = newsroom.schedule()
    address = path(newsroom.make_token())
    with newsroom.client() as client:
        first = client.get(address)
        for tags in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
            again = client.get(address, headers={"if-none-match": tags})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
        newsroom.change(identifier, scheduled_for=newsroom.now + timedelta(hours=9))
        moved = client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert moved.status_code == 200
        assert uids(moved) == uids(first)
        assert moved.headers["etag"] != first.headers["etag"]


def test_a_client_that_goes_by_dates_is_told_that_an_entry_has_vanished(newsroom):
    """What is gone has no date of its own: the newest of what is left would be an older one than the client's."""
    kept, dropped = newsroom.schedule(), newsroom.schedule(timedelta(hours=2))
    address = path(newsroom.make_token())
    with newsroom.client() as client:
        assert "last-modified" not in client.get(address).headers  # this second may bring more
        newsroom.now += timedelta(seconds=1)
        first = client.get(address)
        since = {"if-modified-since": first.headers["last-modified"]}
        newsroom.now += timedelta(seconds=1)
        assert client.get(address, headers=since).status_code == 304
        newsroom.change(dropped, status="cancelled")
        after = client.get(address, headers=since)
        assert after.status_code == 200
        assert uids(after) == {str(kept)}
        # Where a tag is named too, it alone decides.
        newsroom.now += timedelta(minutes=1)
        assert client.get(address, headers={**since, "if-none-match": after.headers["etag"]}).status_code == 304
        assert client.get(address, headers={"if-modified-since": "yesterday"}).status_code == 200


def test_what_went_out_leaves_the_feed_after_four_weeks(newsroom):
    newsroom.schedule()
    address = path(newsroom.make_token())
    with newsroom.client() as client:
        assert len(uids(client.get(address))) == 1
        newsroom.now += timedelta(days=28, hours=2)
        empty = client.get(address)
        assert (empty.status_code, uids(empty)) == (200, set())
