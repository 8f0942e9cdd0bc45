"""The watchdog's rounds over a real database: what it tells, when, and what when the database itself is away."""

from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from pipeline.alerting.channels import channels
from pipeline.alerting.patrol import Patrol
from pipeline.alerting.watchdog import SENSORS, WatchConfig, look
from pipeline.store import alerts, outbox
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind
from pipeline_tests import factories


@pytest.fixture
def patrolling(engine, everywhere):
    def patrol(dagster=None, patience=timedelta(0)):
        return Patrol(engine, partial(look, engine, dagster, WatchConfig()), channels(everywhere), patience=patience)

    return patrol


def run_sql(engine, statement, **values):
    with transaction(engine, "test") as connection:
        connection.execute(sa.text(statement), values)


def worker(engine, *, alive):
    run_sql(engine, "delete from workers")
    if alive:
        run_sql(engine, "insert into workers (name) values ('worker')")


def open_(engine):
    with engine.connect() as connection:
        return {(alert.kind, alert.subject) for alert in alerts.open_alerts(connection)}


@contextmanager
def database_away(url):
    """No connection is taken, as while a server restarts or its disk is full."""
    server = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'alter database "{url.database}" with allow_connections false')
        connection.execute(
            sa.text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"),
            {"name": url.database},
        )
        yield
        connection.exec_driver_sql(f'alter database "{url.database}" with allow_connections true')
    server.dispose()


WORKER = (AlertKind.STUCK, "worker")


def test_a_concern_is_an_alert_until_it_is_mended(engine, patrolling):
    patrol = patrolling()
    for _ in range(3):
        assert [(each.kind, each.subject) for each in patrol.round()] == [WORKER]
        assert open_(engine) == {WORKER}
    worker(engine, alive=True)
    assert patrol.round() == []
    assert open_(engine) == set()


def test_what_is_mended_soon_is_not_told(engine, patrolling):
    patrol = patrolling(patience=timedelta(minutes=2))
    assert [(each.kind, each.subject) for each in patrol.round()] == [WORKER]
    patrol.round()
    assert open_(engine) == set()


def test_patience_begins_anew_when_something_was_well_in_between(engine, patrolling):
    patrol = patrolling(patience=timedelta(minutes=2))
    patrol.round()
    assert WORKER in patrol._seen_since
    worker(engine, alive=True)
    patrol.round()
    assert WORKER not in patrol._seen_since


def test_an_alert_of_an_earlier_watchdog_is_resolved_by_the_next(engine, patrolling):
    patrolling().round()
    worker(engine, alive=True)
    patrolling().round()
    assert open_(engine) == set()


def test_the_alerts_of_others_are_left_to_them(engine, patrolling):
    worker(engine, alive=True)
    lane = (AlertKind.UNDELIVERED, "webhook blog")
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, *lane, "given up")
    patrolling().round()
    assert open_(engine) == {lane}


def test_an_undelivered_backlog_is_resolved_when_it_is_delivered(engine, patrolling):
    worker(engine, alive=True)
    with transaction(engine, "test") as connection:
        outbox.add(connection, "indexnow", "page", {})
        connection.execute(
            sa.text("update outbox set created_at = now() - interval '2 h', available_at = now() - interval '2 h'")
        )
    patrolling().round()
    assert open_(engine) == {(AlertKind.UNDELIVERED, "outbox")}
    run_sql(engine, "update outbox set delivered_at = now()")
    patrolling().round()
    assert open_(engine) == set()


def test_an_alert_about_a_state_that_is_no_more_is_resolved_whoever_changed_it(engine, patrolling):
    worker(engine, alive=True)
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="x-main", state="paused", state_reason="moving")
        held = factories.distribution(connection, account, status="held", hold_reason="late")
        both = {(AlertKind.PAUSED, "account x-main"), (AlertKind.HELD, f"distribution {held}")}
        for kind, subject in both:
            alerts.raise_alert(connection, kind, subject, "look")
    patrolling().round()
    assert open_(engine) == both
    run_sql(engine, "update platforms set state = 'active', state_reason = null")
    run_sql(engine, "update distributions set status = 'cancelled'")
    patrolling().round()
    assert open_(engine) == set()


def test_what_can_not_be_read_is_not_taken_for_mended(engine, patrolling, books):
    for name in SENSORS:
        books.sensor(name, on=False)
    patrolling(books.engine).round()
    off = {(AlertKind.STUCK, f"sensor {name}") for name in SENSORS}
    assert open_(engine) == off
    away = sa.create_engine("postgresql+psycopg://127.0.0.1:9/dagster")
    patrolling(away).round()
    assert open_(engine) == {*off, (AlertKind.STUCK, "Dagster's storage")}
    for name in SENSORS:
        books.sensor(name)
    patrolling(books.engine).round()
    assert open_(engine) == set()


def test_a_database_that_is_away_is_told_directly_once_and_so_is_its_return(
    engine, database_url, patrolling, slack, mailbox
):
    worker(engine, alive=True)
    patrol = patrolling()
    patrol.round()
    with database_away(database_url):
        for _ in range(3):
            (concern,) = patrol.round()
            assert (concern.kind, concern.subject) == (AlertKind.STUCK, "database")
        assert [text.partition("\n")[0] for text in slack.texts] == ["*Stuck: the database*"]
    for _ in range(3):
        assert patrol.round() == []
    assert [text.partition("\n")[0] for text in slack.texts] == [
        "*Stuck: the database*",
        "*Resolved: Stuck: the database*",
    ]
    beginning, end = mailbox.mails
    assert end["In-Reply-To"] == beginning["Message-ID"]


def test_a_channel_that_fails_meanwhile_is_tried_again_and_the_others_hear_it_once(
    engine, database_url, patrolling, slack, mailbox
):
    patrol = patrolling()
    slack.status = 500
    with database_away(database_url):
        patrol.round()
        slack.status = 200
        patrol.round()
        patrol.round()
    assert (len(slack.texts), len(mailbox.mails)) == (2, 1)


def test_a_short_restart_of_the_database_is_no_news(engine, database_url, patrolling, slack, mailbox):
    patrol = patrolling(patience=timedelta(minutes=2))
    with database_away(database_url):
        patrol.round()
        patrol.round()
    patrol.round()
    assert slack.texts == mailbox.mails == []


def test_the_databases_address_is_not_told(everywhere, slack):
    away = sa.create_engine("postgresql+psycopg://pressroom:secret@127.0.0.1:9/pressroom")
    Patrol(away, partial(look, away, None, WatchConfig()), channels(everywhere), patience=timedelta(0)).round()
    assert "secret" not in str(slack.texts)
    assert "127.0.0.1" not in str(slack.texts)
