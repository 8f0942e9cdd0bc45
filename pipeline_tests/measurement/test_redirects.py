"""Short links over real HTTP: where they lead, who is counted, and that nobody is led astray."""

from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa

from pipeline.measurement.collector import create_app
from pipeline.store import short_links, tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.web import serve_app

TARGET = "https://garden.example/how-to-prune/?utm_source=x&utm_content=0123456789ab"
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def distribution_id(engine):
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(connection, factories.account(connection))
        post_id = connection.execute(sa.select(tables.distributions.c.post_id)).scalar_one()
        short_links.put(
            connection, code="abcdef2345", target_url=TARGET, distribution_id=distribution_id, post_id=post_id
        )
    return distribution_id


@contextmanager
def client(engine, **headers):
    app = create_app(engine, secret=None, clock=lambda: NOW)
    sent = {"user-agent": READER, **headers}
    with serve_app(app) as url, httpx.Client(base_url=url, headers=sent) as opened:
        yield opened


def clicks(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.link_clicks)).all()


def test_a_reader_is_led_to_the_page_and_counted(engine, distribution_id):
    with client(engine, referer="https://www.Social.example/feed?secret=1") as http:
        answer = http.get("/r/abcdef2345")
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    assert answer.headers["cache-control"] == "no-store"
    (click,) = clicks(engine)
    assert (click.code, click.at, click.referrer_host) == ("abcdef2345", NOW, "social.example")
    assert len(click.visitor) == 32
    assert "127.0.0.1" not in click.visitor


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": "facebookexternalhit/1.1"},
        {"user-agent": "curl/8.5.0"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"x-purpose": "preview"},
    ],
)
def test_programs_and_pages_fetched_ahead_are_led_on_and_not_counted(engine, distribution_id, headers):
    with client(engine, **headers) as http:
        assert http.get("/r/abcdef2345").headers["location"] == TARGET
    assert clicks(engine) == []


def test_asking_only_for_the_head_counts_nothing(engine, distribution_id):
    with client(engine) as http:
        assert http.head("/r/abcdef2345").status_code == 302
    assert clicks(engine) == []


def test_a_link_leads_nowhere_but_to_what_it_was_made_for(engine, distribution_id):
    asked = ["/r/abcdef2345?url=https://evil.example/", "/r/abcdef2345?next=//evil.example"]
    unknown = ["/r/zzzzzz2345", "/r/https://evil.example/", "/r//evil.example", "/r/ABCDEF2345", "/r/%00", "/r/", "/r"]
    with client(engine, host="evil.example") as http:
        assert {http.get(address).headers["location"] for address in asked} == {TARGET}
        for address in unknown:
            answer = http.get(address)
            assert (answer.status_code, answer.headers.get("location")) == (404, None), address
        assert http.post("/r/abcdef2345").status_code == 405


def test_a_reader_who_asks_not_to_be_tracked_is_counted_without_a_name(engine, distribution_id):
    with client(engine, **{"sec-gpc": "1"}) as http:
        http.get("/r/abcdef2345")
    assert [click.visitor for click in clicks(engine)] == [None]


def test_a_click_that_can_not_be_counted_keeps_no_reader_from_the_page(engine, distribution_id):
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("alter table link_clicks add check (false) not valid"))
    with client(engine) as http:
        assert http.get("/r/abcdef2345").headers["location"] == TARGET
    assert clicks(engine) == []


def test_a_short_link_is_never_moved(engine, distribution_id):
    with engine.connect() as connection:
        post_id = connection.execute(sa.select(tables.distributions.c.post_id)).scalar_one()
        with pytest.raises(sa.exc.IntegrityError, match="not moved"):
            short_links.put(
                connection,
                code="abcdef2345",
                target_url="https://evil.example/",
                distribution_id=distribution_id,
                post_id=post_id,
            )


def test_codes_of_links_and_of_short_links_name_their_distribution(engine, distribution_id):
    with engine.connect() as connection:
        row = connection.execute(sa.select(tables.distributions)).one()
        found = short_links.distributions_of(connection, ["abcdef2345", row.link_code, "unknown"])
    assert found == {"abcdef2345": (distribution_id, row.post_id), row.link_code: (distribution_id, row.post_id)}
