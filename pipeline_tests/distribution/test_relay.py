"""The outbox's relay: at least once each, in lanes, with an end to trying."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog

from pipeline.distribution.relay import LEASE, MAX_TRIES, DeliveryError, deliver_due
from pipeline.store import alerts, outbox, tables
from pipeline.store.database import create_engine, transaction
from pipeline.vocabulary import AlertKind
from pipeline_tests.distribution.receiver import receiving


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


class Inbox:
    """What was delivered, in order, and a handler that puts it there."""

    def __init__(self, error=None):
        self.keys = []
        self.error = error

    def __call__(self, key, payload):
        self.keys.append(key)
        if self.error is not None:
            raise self.error


def rows(engine, topic="webhook"):
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.outbox).where(tables.outbox.c.topic == topic).order_by(tables.outbox.c.id)
        ).all()


def row(engine, topic="webhook"):
    (only,) = rows(engine, topic)
    return only


def make_due(connection):
    """As if the lease, or the wait for the next try, were over."""
    connection.execute(sa.text("update outbox set available_at = now() where delivered_at is null"))


def test_what_is_due_is_delivered_once_with_its_key_and_payload(engine, connection):
    seen = []
    outbox.add(connection, "webhook", "webhook:1", {"account": "x", "n": 1})
    outbox.add(connection, "webhook", "webhook:1", {"account": "x", "n": 2})
    handlers = {"webhook": lambda key, payload: seen.append((key, payload))}
    assert deliver_due(engine, handlers, worker="w") == {"delivered": 1}
    assert deliver_due(engine, handlers, worker="w") == {}
    assert seen == [("webhook:1", {"account": "x", "n": 1})]
    assert row(engine).delivered_at is not None
    assert row(engine).attempts == 1


def test_what_is_not_due_yet_waits(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    connection.execute(sa.text("update outbox set available_at = now() + interval '1 minute'"))
    assert deliver_due(engine, {"webhook": Inbox()}, worker="w") == {}


def test_the_handler_is_called_with_no_transaction_open(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    open_transactions = []

    def look(key, payload):
        open_transactions.append(
            connection.scalar(
                sa.text(
                    "select count(*) from pg_stat_activity"
                    " where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()"
                )
            )
        )

    deliver_due(engine, {"webhook": look}, worker="w")
    assert open_transactions == [0]


@pytest.mark.parametrize("tries_before", [0, 1, 5, MAX_TRIES - 2])
def test_a_failed_delivery_is_put_off_by_an_exponential_backoff_with_its_reason(engine, connection, tries_before):
    outbox.add(connection, "webhook", "webhook:1", {})
    connection.execute(sa.text("update outbox set attempts = :n"), {"n": tries_before})
    before = datetime.now(UTC)
    counts = deliver_due(engine, {"webhook": Inbox(DeliveryError("HTTP 500", retry_at=None))}, worker="w")
    put_off = row(engine)
    assert counts["put off"] >= 1
    assert put_off.last_error == "HTTP 500"
    longest = min(timedelta(hours=12), timedelta(seconds=30) * 2 ** (put_off.attempts - 1))
    assert before <= put_off.available_at <= datetime.now(UTC) + longest


def test_the_next_try_has_the_same_key_and_ends_the_trouble(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    inbox = Inbox(DeliveryError("HTTP 503", retry_at=in_an_hour))
    deliver_due(engine, {"webhook": inbox}, worker="w")
    assert row(engine).available_at == in_an_hour
    make_due(connection)
    inbox.error = None
    assert deliver_due(engine, {"webhook": inbox}, worker="w") == {"delivered": 1}
    assert inbox.keys == ["webhook:1", "webhook:1"]
    assert (row(engine).attempts, row(engine).last_error) == (2, None)


def test_a_receiver_that_asks_for_a_year_is_asked_tomorrow(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    wish = datetime.now(UTC) + timedelta(days=365)
    deliver_due(engine, {"webhook": Inbox(DeliveryError("HTTP 429", retry_at=wish))}, worker="w")
    assert row(engine).available_at <= datetime.now(UTC) + timedelta(hours=24)


def test_a_receiver_that_says_at_once_each_time_does_not_use_up_its_tries_in_a_moment(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    at_once = Inbox(DeliveryError("HTTP 503", retry_at=datetime.now(UTC)))
    assert set(deliver_due(engine, {"webhook": at_once}, worker="w")) == {"put off"}
    assert len(at_once.keys) < MAX_TRIES / 2


@pytest.mark.parametrize(("permanent", "tries_before"), [(True, 0), (False, MAX_TRIES - 1)])
def test_a_delivery_is_given_up_when_it_is_of_no_use_or_its_tries_are_used_up(
    engine, connection, permanent, tries_before
):
    outbox.add(connection, "webhook", "webhook:1", {"account": "x-main"})
    connection.execute(sa.text("update outbox set attempts = :n"), {"n": tries_before})
    inbox = Inbox(DeliveryError("HTTP 410", permanent=permanent))
    assert deliver_due(engine, {"webhook": inbox}, worker="w")["given up"] == 1
    make_due(connection)
    deliver_due(engine, {"webhook": inbox}, worker="w")
    assert len(inbox.keys) == 1
    (alert,) = alerts.open_alerts(connection)
    assert (alert.kind, alert.subject) == ("undelivered", "webhook x-main")
    assert "HTTP 410" in alert.message


def test_a_receiver_given_up_on_many_times_is_one_alert_until_it_is_reached_again(engine, connection):
    for n in range(3):
        outbox.add(connection, "webhook", f"webhook:{n}", {"account": "x-main"})
    inbox = Inbox(DeliveryError("HTTP 410", permanent=True))
    assert deliver_due(engine, {"webhook": inbox}, worker="w")["given up"] == 3
    assert [alert.times for alert in alerts.open_alerts(connection)] == [3]
    inbox.error = None
    assert len(outbox.ask_again(connection)) == 3
    deliver_due(engine, {"webhook": inbox}, worker="w")
    assert alerts.open_alerts(connection) == []
    assert all(each.delivered_at and each.given_up_at is None for each in rows(engine))


def test_an_alert_that_can_not_be_delivered_is_told_once_over_the_other_channels(engine, connection):
    with transaction(engine, "test") as setting_up:
        alerts.raise_alert(setting_up, AlertKind.FAILED, "distribution 1", "HTTP 400")
    handlers = {topic: Inbox() for topic in alerts.TOPICS}
    handlers["alert.slack"].error = DeliveryError("HTTP 404", permanent=True)
    deliver_due(engine, handlers, worker="w")
    assert {topic: len(inbox.keys) for topic, inbox in handlers.items()} == {
        "alert.log": 2,
        "alert.slack": 2,
        "alert.email": 2,
    }
    assert [alert.subject for alert in alerts.open_alerts(connection)] == ["distribution 1", "alert.slack"]
    assert deliver_due(engine, handlers, worker="w") == {}


def test_a_topic_that_this_worker_does_not_handle_is_left_alone(engine, connection):
    outbox.add(connection, "telegram", "telegram:1", {})
    assert deliver_due(engine, {"webhook": Inbox()}, worker="w") == {}
    assert outbox.next_due(connection, ["webhook"]) is None
    assert outbox.of_other_topics(connection, ["webhook"]) == {"telegram": 1}
    kept = row(engine, "telegram")
    assert (kept.attempts, kept.delivered_at, kept.given_up_at) == (0, None, None)


def test_a_receiver_that_does_not_answer_holds_up_only_its_own_lane(engine, connection):
    others_are_done = threading.Event()
    delivered = []

    def handle(key, payload):
        if payload.get("account") == "dead":
            assert others_are_done.wait(15)
        delivered.append(key)
        if len(delivered) == 4:
            others_are_done.set()

    for n in range(5):
        outbox.add(connection, "webhook", f"dead:{n}", {"account": "dead"})
    for n in range(2):
        outbox.add(connection, "webhook", f"alive:{n}", {"account": "alive"})
        outbox.add(connection, "alert.log", f"alert:{n}", {})
    assert deliver_due(engine, {"webhook": handle, "alert.log": handle}, worker="w") == {"delivered": 9}
    assert set(delivered[:4]) == {"alive:0", "alive:1", "alert:0", "alert:1"}
    assert delivered[4:] == [f"dead:{n}" for n in range(5)]


def test_what_comes_while_a_receiver_is_slow_does_not_wait_for_it(engine, connection):
    came_through = threading.Event()

    def slow(key, payload):
        outbox.add(connection, "alert.log", "alert:1", {})
        assert came_through.wait(15)

    outbox.add(connection, "webhook", "webhook:1", {})
    handlers = {"webhook": slow, "alert.log": lambda key, payload: came_through.set()}
    assert deliver_due(engine, handlers, worker="w") == {"delivered": 2}


def test_one_delivery_of_a_lane_is_in_hand_at_a_time_the_oldest_first(engine, connection):
    in_hand, most, order = 0, 0, []
    lock = threading.Lock()

    def handle(key, payload):
        nonlocal in_hand, most
        with lock:
            in_hand += 1
            most = max(most, in_hand)
            order.append(key)
        threading.Event().wait(0.01)
        with lock:
            in_hand -= 1

    for n in (3, 1, 2):
        outbox.add(connection, "webhook", f"webhook:{n}", {"account": "x"})
        connection.execute(
            sa.text("update outbox set available_at = now() - make_interval(hours => :h) where idempotency_key = :key"),
            {"h": n, "key": f"webhook:{n}"},
        )
    deliver_due(engine, {"webhook": handle}, worker="w")
    assert (most, order) == (1, ["webhook:3", "webhook:2", "webhook:1"])


def test_relays_beside_each_other_deliver_each_row_once(database_url, engine, connection):
    keys = [f"webhook:{n}" for n in range(60)]
    for n, key in enumerate(keys):
        outbox.add(connection, "webhook", key, {"account": f"account-{n % 7}"})
    inbox = Inbox()
    engines = [create_engine(database_url) for _ in range(4)]
    relays = [
        threading.Thread(target=deliver_due, args=(e, {"webhook": inbox}), kwargs={"worker": f"w{n}"})
        for n, e in enumerate(engines)
    ]
    for relay in relays:
        relay.start()
    for relay in relays:
        relay.join()
    for used in engines:
        used.dispose()
    assert sorted(inbox.keys) == sorted(keys)
    assert all(each.delivered_at for each in rows(engine))


def test_stopping_finishes_what_is_in_the_air_and_takes_nothing_more(engine, connection):
    for n in range(3):
        outbox.add(connection, "webhook", f"webhook:{n}", {"account": "x"})
    stop = threading.Event()
    assert deliver_due(engine, {"webhook": lambda key, payload: stop.set()}, worker="w", stop=stop) == {"delivered": 1}
    assert [each.attempts for each in rows(engine)] == [1, 0, 0]


def test_a_handler_that_fails_by_itself_loses_nothing_and_tells_no_secret(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    with structlog.testing.capture_logs() as logs:
        counts = deliver_due(engine, {"webhook": Inbox(KeyError("whsec_secret"))}, worker="w")
    assert set(counts) == {"put off"}
    assert "in __call__" in logs[0]["where"]
    assert "whsec_secret" not in str(logs)
    assert row(engine).last_error == "the handler failed: KeyError"


def test_a_worker_killed_between_delivering_and_writing_so_delivers_again_with_the_same_key(
    database_url, engine, connection
):
    outbox.add(connection, "webhook", "webhook:1", {})
    with receiving() as receiver:
        killed = subprocess.run(
            [
                sys.executable,
                "-c",
                _DELIVERS_AND_DIES,
                database_url.render_as_string(hide_password=False),
                receiver.url,
            ],
            check=False,
            env=os.environ,
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(receiver.requests) == 1
        in_doubt = row(engine)
        assert in_doubt.delivered_at is None
        assert datetime.now(UTC) < in_doubt.available_at <= datetime.now(UTC) + LEASE
        inbox = Inbox()
        assert deliver_due(engine, {"webhook": inbox}, worker="w") == {}
        make_due(connection)
        deliver_due(engine, {"webhook": inbox}, worker="w")
    assert receiver.bodies == [b"webhook:1"]
    assert inbox.keys == ["webhook:1"]


_DELIVERS_AND_DIES = """
import os, signal, sys
import httpx, sqlalchemy as sa
from pipeline.distribution.relay import deliver_due
from pipeline.store.database import create_engine

def handle(key, payload):
    httpx.post(sys.argv[2], content=key, trust_env=False)
    os.kill(os.getpid(), signal.SIGKILL)

deliver_due(create_engine(sa.make_url(sys.argv[1])), {"webhook": handle}, worker="doomed")
"""


def test_a_worker_whose_lease_ran_out_can_neither_put_off_nor_give_up_what_another_tries(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {"account": "x"})
    verdicts = []
    for permanent in (False, True):

        def overtaken(key, payload, permanent=permanent):
            connection.execute(sa.text("update outbox set attempts = attempts + 1"))
            raise DeliveryError("too slow", permanent=permanent)

        make_due(connection)
        verdicts.append(deliver_due(engine, {"webhook": overtaken}, worker="slow"))
    assert verdicts == [{"overtaken": 1}, {"overtaken": 1}]
    assert (row(engine).last_error, row(engine).given_up_at) == (None, None)
    assert alerts.open_alerts(connection) == []


def test_what_has_arrived_is_delivered_even_if_another_worker_gave_it_up(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})

    def given_up_meanwhile(key, payload):
        connection.execute(sa.text("update outbox set attempts = attempts + 1, given_up_at = now()"))

    deliver_due(engine, {"webhook": given_up_meanwhile}, worker="slow")
    assert row(engine).delivered_at is not None
    assert row(engine).given_up_at is None


def test_a_person_who_asks_again_brings_back_all_tries_but_nothing_that_was_delivered(engine, connection):
    outbox.add(connection, "webhook", "webhook:1", {})
    deliver_due(engine, {"webhook": Inbox()}, worker="w")
    outbox.add(connection, "indexnow", "indexnow:1", {})
    deliver_due(engine, {"indexnow": Inbox(DeliveryError("HTTP 403", permanent=True))}, worker="w")
    given_up = row(engine, "indexnow")
    assert outbox.ask_again(connection, [row(engine).id, given_up.id]) == [given_up.id]
    wait = outbox.next_due(connection, ["indexnow"])
    assert wait is not None
    assert wait <= timedelta(0)
    assert row(engine, "indexnow").attempts == 0
    assert deliver_due(engine, {"indexnow": Inbox()}, worker="w") == {"delivered": 1}


def test_a_long_history_is_not_read_to_find_what_is_due(engine, connection):
    connection.execute(
        sa.text("""
            insert into outbox (topic, idempotency_key, payload, delivered_at)
            select 'webhook', 'old:' || n, '{"account": "x"}', now() from generate_series(1, 20000) n
        """)
    )
    outbox.add(connection, "webhook", "webhook:1", {"account": "x"})
    connection.execute(sa.text("analyze outbox"))
    reads = sa.text("select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'outbox'")
    connection.execute(sa.text("select pg_stat_force_next_flush()"))
    before = connection.scalar(reads)
    taken = outbox.claim(connection, topics=["webhook"], busy=[], limit=9, lease=LEASE)
    outbox.next_due(connection, ["webhook"])
    outbox.of_other_topics(connection, ["webhook"])
    connection.execute(sa.text("select pg_stat_force_next_flush()"))
    assert [each.idempotency_key for each in taken] == ["webhook:1"]
    assert connection.scalar(reads) - before < 20
