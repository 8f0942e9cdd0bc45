"""What the world is told of publications: which rows are written, and what a real receiver then gets."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
import structlog

from pipeline.distribution.relay import deliver_due
from pipeline.followups import handlers
from pipeline.platforms.base import Account, Journal, Published
from pipeline.platforms.content import Content
from pipeline.platforms.registry import open_adapter
from pipeline.settings import Settings, settings
from pipeline.store import outbox, tables
from pipeline.store.announcements import Announce, announce_published, announce_trouble
from pipeline.vocabulary import DistributionStatus
from pipeline_tests import factories
from pipeline_tests.distribution.receiver import receiving

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
ALL = Announce(indexnow=True, websub=True)
PUBLISHED_AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def configured_with(**values):
    return Settings(_env_file=None, **{f"PRESSROOM_{name.upper()}": value for name, value in values.items()})


@pytest.fixture
def deliver(engine):
    """One run of the relay with the handlers that these settings give, every row due."""

    def run(**configured):
        with engine.begin() as connection:
            connection.execute(sa.text("update outbox set available_at = now() where topic !~ '^alert'"))
        ours = handlers(configured_with(**configured), engine)
        told = {"webhook", "indexnow", "websub"}
        return deliver_due(engine, {topic: ours[topic] for topic in told}, worker="test")

    return run


def waiting(connection):
    return [each for each in outbox.undelivered(connection, limit=100) if not each.lane.startswith("alert")]


def keys(connection):
    return sorted(each.idempotency_key for each in waiting(connection))


def webhook_account(connection, url, **values):
    return factories.account(connection, webhook_url=url, **values)


def home(connection, base_url="https://example.com", **values):
    config = {"folder": "/srv/site", "base_url": base_url, "name": "The Slow Kitchen"}
    defaults = {"name": "site", "account_key": "site", "is_home": True, "publish_config": config}
    return factories.account(connection, **{**defaults, **values})


def published(connection, account_id, **values):
    url = values.pop("external_url", "https://example.com/cast-iron/")
    return factories.distribution(
        connection,
        account_id,
        status="published",
        published_at=values.pop("published_at", PUBLISHED_AT),
        external_url=url,
        external_id=url,
        **values,
    )


def to_status(connection, distribution_id, status, **values):
    connection.execute(
        tables.distributions.update()
        .where(tables.distributions.c.id == distribution_id)
        .values(status=status, **values)
    )


# Which rows are written


def test_nothing_is_written_where_nobody_wants_to_be_told(connection):
    ids = [published(connection, home(connection)), published(connection, factories.account(connection))]
    announce_published(connection, ids, Announce())
    assert keys(connection) == []


def test_each_publication_is_told_once_to_those_who_want_it(connection):
    site, x = home(connection, webhook_url="http://hook"), webhook_account(connection, "http://hook")
    page, post = published(connection, site), published(connection, x)
    unpublished = factories.distribution(connection, x)
    for _ in range(2):
        announce_published(connection, [page, post, unpublished], ALL)
    to_expect = [("webhook", page), ("webhook", post), ("indexnow", page), ("websub", page)]
    assert keys(connection) == sorted(f"{topic}:{sent}:published" for topic, sent in to_expect)


def test_a_batch_of_pages_changes_the_feed_once(connection):
    site = home(connection)
    urls = [f"https://example.com/{name}/" for name in "abc"]
    pages = [
        published(connection, site, external_url=url, published_at=PUBLISHED_AT + timedelta(seconds=n))
        for n, url in enumerate(urls)
    ]
    announce_published(connection, pages, ALL)
    told = keys(connection)
    assert sum(key.startswith("indexnow:") for key in told) == 3
    assert [key for key in told if key.startswith("websub:")] == [f"websub:{pages[-1]}:published"]


@pytest.mark.parametrize(("announce", "topics"), [(Announce(indexnow=True), 1), (Announce(websub=True), 1), (ALL, 2)])
def test_search_engines_and_hubs_are_told_where_they_are_configured(connection, announce, topics):
    announce_published(connection, [published(connection, home(connection))], announce)
    assert len(keys(connection)) == topics


@pytest.mark.parametrize("values", [{"is_home": False}, {"name": "wordpress", "account_key": "wp"}])
def test_only_pages_of_our_own_home_site_are_announced(connection, values):
    announce_published(connection, [published(connection, home(connection, **values))], ALL)
    assert keys(connection) == []


ONLY_OURS = [
    "http://127.0.0.1:3001",
    "http://localhost:3001",
    "http://site.localhost",
    "http://10.1.2.3",
    "http://192.168.1.5/magazine",
    "http://[::1]:3001",
    "http://8.8.8.8",
    "http://intranet",
    "https://site.test",
    "https://magazine.local",
    "https://magazine.internal/",
    "http://box.home.arpa",
    "https://me@10.1.2.3",
]
ON_THE_INTERNET = [
    "https://example.com",
    "http://www.example.co.uk:8080/magazine",
    "https://Local.example.org/",
    "https://xn--caf-dma.example.net",
    "https://testing.org",
]


def pages_at(connection, base_urls):
    """A page of a home site at each of the addresses."""
    return [
        published(
            connection,
            home(connection, url, account_key=f"site-{n}", account_id=str(n)),
            external_url=f"{url}/page/",
        )
        for n, url in enumerate(base_urls)
    ]


def test_a_site_that_only_this_network_knows_is_announced_to_nobody_and_that_is_said(connection):
    with structlog.testing.capture_logs() as logs:
        announce_published(connection, pages_at(connection, ONLY_OURS), ALL)
    assert keys(connection) == []
    said = {entry["url"] for entry in logs if entry["event"] == "not_announced"}
    assert said == {f"{url}/page/" for url in ONLY_OURS}


def test_a_site_with_a_name_on_the_internet_is_announced(connection):
    announce_published(connection, pages_at(connection, ON_THE_INTERNET), ALL)
    assert len(keys(connection)) == 2 * len(ON_THE_INTERNET)


def test_trouble_is_told_once_for_each_time_a_distribution_comes_into_it(connection):
    sent = factories.distribution(connection, webhook_account(connection, "http://hook"))
    for reason in ("it is late", "its account rests"):
        to_status(connection, sent, "held", hold_reason=reason)
        announce_trouble(connection, sent, DistributionStatus.HELD)
        announce_trouble(connection, sent, DistributionStatus.HELD)
        to_status(connection, sent, "scheduled")
    announce_trouble(connection, sent, DistributionStatus.HELD)
    told = connection.execute(sa.select(tables.outbox.c.payload).order_by(tables.outbox.c.id)).scalars().all()
    assert [(each["type"], each["data"]["reason"]) for each in told] == [
        ("distribution.held", "it is late"),
        ("distribution.held", "its account rests"),
    ]


def test_trouble_of_an_account_without_a_webhook_is_not_written(connection):
    held = factories.distribution(connection, factories.account(connection), status="held", hold_reason="late")
    announce_trouble(connection, held, DistributionStatus.HELD)
    assert keys(connection) == []


# Webhooks


def test_a_webhook_gets_what_was_published_where_and_when(connection, deliver):
    with receiving() as receiver:
        account = webhook_account(connection, receiver.url, account_key="x-main")
        sent = published(connection, account, title="Cast iron", external_url="https://x.com/me/status/1")
        announce_published(connection, [sent], ALL)
        assert deliver() == {"delivered": 1}
    row = connection.execute(sa.select(tables.distributions)).one()
    ((headers, body),) = receiver.requests
    told = json.loads(body)
    assert headers["Content-Type"] == "application/json"
    assert datetime.fromisoformat(told["data"].pop("scheduled_for")) == row.scheduled_for
    assert told == {
        "type": "distribution.published",
        "timestamp": "2026-05-04T09:30:00+00:00",
        "data": {
            "distribution_id": str(sent),
            "post_id": str(row.post_id),
            "account": "x-main",
            "platform": "x",
            "title": "Cast iron",
            "url": "https://x.com/me/status/1",
            "external_id": "https://x.com/me/status/1",
            "published_at": "2026-05-04T09:30:00+00:00",
        },
    }


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_a_webhook_gets_trouble_with_its_reason(connection, deliver, status):
    with receiving() as receiver:
        sent = factories.distribution(
            connection,
            webhook_account(connection, receiver.url),
            status=status,
            error_message="HTTP 400: too long",
            settle_until=PUBLISHED_AT,
            reconcile_at=PUBLISHED_AT,
        )
        announce_trouble(connection, sent, DistributionStatus(status))
        assert deliver() == {"delivered": 1}
    told = json.loads(receiver.bodies[0])
    assert told["type"] == f"distribution.{status}"
    assert told["data"]["reason"] == "HTTP 400: too long"
    assert datetime.fromisoformat(told["timestamp"]) > PUBLISHED_AT


def test_a_webhook_is_signed_as_standard_webhooks_says_and_each_try_says_the_same(connection, deliver):
    with receiving((503, {}, b""), (200, {}, b"")) as receiver:
        sent = published(connection, webhook_account(connection, receiver.url), title="Gußeisen")
        announce_published(connection, [sent], ALL)
        while deliver(webhook_secret=SECRET) == {"put off": 1}:
            pass
    assert len(receiver.requests) == 2
    for headers, body in receiver.requests:
        signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
        version, _, signature = headers["webhook-signature"].partition(",")
        assert version == "v1"
        assert base64.b64decode(signature) == hmac.digest(KEY, signed, hashlib.sha256)
        assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {f"webhook:{sent}:published"}
    assert receiver.bodies[0] == receiver.bodies[1]


def test_without_a_secret_a_webhook_is_told_unsigned(connection, deliver):
    with receiving() as receiver:
        announce_published(connection, [published(connection, webhook_account(connection, receiver.url))], ALL)
        deliver()
    assert "webhook-signature" not in receiver.requests[0][0]


def test_a_secret_that_can_not_be_one_is_said_and_not_shown_and_nothing_is_sent(connection, deliver):
    with receiving() as receiver:
        announce_published(connection, [published(connection, webhook_account(connection, receiver.url))], ALL)
        for secret in (SECRET.removeprefix("whsec_"), "whsec_short", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_é"):
            connection.execute(sa.text("update outbox set last_error = null, attempts = 0"))
            assert set(deliver(webhook_secret=secret)) == {"put off"}
            (row,) = waiting(connection)
            assert "PRESSROOM_WEBHOOK_SECRET" in row.last_error
            assert secret.removeprefix("whsec_") not in row.last_error
    assert receiver.requests == []


def test_any_2xx_of_a_webhook_is_its_word(connection, deliver):
    with receiving(*((status, {}, b"") for status in (200, 201, 202, 204))) as receiver:
        account = webhook_account(connection, receiver.url)
        announce_published(connection, [published(connection, account, external_url=f"u{n}") for n in range(4)], ALL)
        assert deliver() == {"delivered": 4}


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
def test_what_a_webhook_can_be_mended_of_is_tried_again_and_no_redirect_is_followed(connection, deliver, status):
    with receiving((status, {"Location": "/elsewhere", "Retry-After": "3600"}, b"not\n now")) as receiver:
        announce_published(connection, [published(connection, webhook_account(connection, receiver.url))], ALL)
        before = datetime.now(UTC)
        assert deliver() == {"put off": 1}
    assert len(receiver.requests) == 1
    (row,) = waiting(connection)
    assert f"answered {status}" in row.last_error
    assert "'not now'" in row.last_error
    assert timedelta(minutes=59) < row.available_at - before < timedelta(minutes=61)


def test_a_webhook_that_says_gone_is_left_alone(connection, deliver):
    with receiving((410, {}, b"")) as receiver:
        announce_published(connection, [published(connection, webhook_account(connection, receiver.url))], ALL)
        assert deliver() == {"given up": 1}
        assert deliver() == {}
    assert len(receiver.requests) == 1


def test_an_endless_answer_is_not_read_to_its_end(connection, deliver):
    with receiving((500, {}, b"x" * 20_000_000)) as receiver:
        announce_published(connection, [published(connection, webhook_account(connection, receiver.url))], ALL)
        assert deliver() == {"put off": 1}
    (row,) = waiting(connection)
    assert len(row.last_error) < 300
    assert receiver.hung_up_on == 1


def test_of_a_webhook_that_can_not_be_reached_only_the_host_is_shown(connection, deliver):
    url = "http://me:pass@127.0.0.1:9/hooks/token-in-the-path?key=k"
    announce_published(connection, [published(connection, webhook_account(connection, url))], ALL)
    assert set(deliver()) == {"put off"}
    (row,) = waiting(connection)
    assert row.last_error == "127.0.0.1:9 can't be reached (ConnectError)"


def test_an_address_that_is_none_is_said(connection, deliver):
    said = {
        "ftp://example.com/hook": "its address is not an http or https URL",
        "not an address": "its address is not an http or https URL",
        "http://127.0.0.1:port/": "its address can't be read",
        "http://a..b/": "a..b can't be reached (UnicodeError)",
    }
    for url in said:
        announce_published(connection, [published(connection, webhook_account(connection, url))], ALL)
    assert set(deliver()) == {"put off"}
    assert {each.last_error for each in waiting(connection)} == set(said.values())


def test_a_corrected_webhook_gets_what_its_wrong_address_did_not(connection, deliver):
    announce_published(connection, [published(connection, webhook_account(connection, "http://127.0.0.1:9"))], ALL)
    assert set(deliver()) == {"put off"}
    with receiving() as receiver:
        connection.execute(sa.text("update platforms set webhook_url = :url"), {"url": receiver.url})
        assert deliver() == {"delivered": 1}
    assert len(receiver.requests) == 1


def test_a_webhook_that_was_taken_away_gets_nothing_more(connection, deliver):
    announce_published(connection, [published(connection, webhook_account(connection, "http://127.0.0.1:9"))], ALL)
    connection.execute(sa.text("update platforms set webhook_url = null"))
    assert deliver() == {"given up": 1}


# IndexNow and WebSub


def test_indexnow_is_told_the_page_the_key_and_where_the_site_serves_it(connection, deliver, tmp_path, monkeypatch):
    base_url = "https://example.com/magazine"
    monkeypatch.setenv("PRESSROOM_INDEXNOW_KEY", "a1b2c3d4-E5")
    settings.cache_clear()
    config = {"folder": str(tmp_path / "site"), "base_url": base_url, "name": "The Slow Kitchen"}
    adapter = open_adapter(Account("site", "site", config))
    content = Content("d-1", "<p>A heavy pan.</p>", title="Cast iron", platform_specific={"slug": "cast-iron"})
    page = adapter.publish(content, Journal({}, lambda *_: None, PUBLISHED_AT))
    settings.cache_clear()
    assert isinstance(page, Published)
    sent = published(connection, home(connection, publish_config=config), external_url=page.external_url)
    announce_published(connection, [sent], Announce(indexnow=True))
    with receiving((202, {}, b"")) as receiver:
        assert deliver(indexnow_key="a1b2c3d4-E5", indexnow_endpoint=f"{receiver.url}/indexnow") == {"delivered": 1}
    told = json.loads(receiver.bodies[0])
    assert told == {
        "host": "example.com",
        "key": "a1b2c3d4-E5",
        "keyLocation": "https://example.com/magazine/a1b2c3d4-E5.txt",
        "urlList": ["https://example.com/magazine/cast-iron/"],
    }
    served = tmp_path / "site" / told["keyLocation"].removeprefix(f"{base_url}/")
    assert served.read_text() == told["key"]


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (400, "given up", "format"),
        (403, "given up", "key is not valid"),
        (422, "given up", "not of this host"),
        (429, "put off", "429"),
        (500, "put off", "500"),
    ],
)
def test_what_indexnow_refuses_is_given_up_in_its_words_and_the_rest_is_tried_again(
    connection, deliver, status, outcome, words
):
    announce_published(connection, [published(connection, home(connection))], Announce(indexnow=True))
    with receiving((status, {"Retry-After": "600"}, b"")) as receiver:
        assert deliver(indexnow_key="a1b2c3d4", indexnow_endpoint=receiver.url) == {outcome: 1}
    assert words in waiting(connection)[0].last_error


def test_the_hub_is_told_that_the_feed_has_changed(connection, deliver):
    announce_published(
        connection, [published(connection, home(connection, "https://example.com/"))], Announce(websub=True)
    )
    with receiving() as receiver:
        assert deliver(websub_hub=f"{receiver.url}/") == {"delivered": 1}
    ((headers, body),) = receiver.requests
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"hub.mode": ["publish"], "hub.url": ["https://example.com/feed.xml"]}


def test_what_is_no_longer_configured_is_given_up_with_its_reason(connection, deliver):
    announce_published(connection, [published(connection, home(connection))], ALL)
    assert deliver() == {"given up": 2}
    assert sorted(each.last_error for each in waiting(connection)) == [
        "PRESSROOM_INDEXNOW_KEY is not set any more",
        "PRESSROOM_WEBSUB_HUB is not set any more",
    ]


def test_what_is_announced_follows_from_the_settings():
    assert Announce.from_settings(configured_with()) == Announce()
    assert Announce.from_settings(configured_with(indexnow_key="a1b2c3d4", websub_hub="https://hub.example")) == ALL
