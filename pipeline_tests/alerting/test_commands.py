"""`pressroom alerts` and `pressroom watch` as they are typed, and the watchdog as a process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline.alerting.watchdog import SENSORS
from pipeline.settings import PROJECT_ROOT, settings
from pipeline.store import alerts
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind


def test_open_alerts_are_listed_and_those_that_are_over_on_request(pressroom, engine):
    assert "Nothing is open" in pressroom("alerts").output
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, AlertKind.PAUSED, "account x-main", "refused [credentials]")
        alerts.raise_alert(connection, AlertKind.HELD, "distribution 1f0c", "late")
        alerts.resolve(connection, AlertKind.HELD, "distribution 1f0c")
    assert "refused [credentials]" in pressroom("alerts").output
    assert "1f0c" not in pressroom("alerts").output
    assert "1f0c" in pressroom("alerts", "--all").output


def test_the_digest_is_shown_and_not_sent(pressroom, engine):
    assert "Needs a person: nothing" in pressroom("alerts", "digest").output
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from outbox")) == 0


def test_a_test_message_says_which_channels_work(pressroom, everywhere, slack, mailbox):
    assert pressroom("alerts", "test").exit_code == 0
    assert (len(slack.texts), len(mailbox.mails)) == (1, 1)
    slack.status = 404
    result = pressroom("alerts", "test")
    assert result.exit_code == 1
    assert "the webhook answered 404" in result.output


def test_a_look_ends_with_status_1_where_something_is_stuck(pressroom, engine):
    result = pressroom("watch", "--once")
    assert result.exit_code == 1
    assert "No worker is at work" in result.output
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("insert into workers (name) values ('worker')"))
    result = pressroom("watch", "--once")
    assert result.exit_code == 0
    assert "Nothing is stuck" in result.output


def test_a_look_at_a_database_that_is_away_says_so_without_its_password(pressroom, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgresql://pressroom:secret@127.0.0.1:9/pressroom")
        result = pressroom("watch", "--once")
    settings.cache_clear()
    assert result.exit_code == 1
    assert "can't be asked" in result.output
    assert "secret" not in result.output


@pytest.fixture
def watchdog(database_url, books, everywhere):
    """`pressroom watch`, as `make run` starts it."""
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "pressroom"), "watch"],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,  # with the channels
            "DATABASE_URL": database_url.render_as_string(hide_password=False),
            "DAGSTER_POSTGRES_URL": books.url.set(drivername="postgresql+psycopg2").render_as_string(
                hide_password=False
            ),
        },
    )
    yield process
    process.kill()
    process.wait()


def test_with_dagster_dead_an_alert_that_is_raised_still_arrives_and_sigterm_ends_it(watchdog, engine, books, slack):
    for name in SENSORS:
        books.sensor(name, ago=None)
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, AlertKind.PAUSED, "account x-main", "refused")
    deadline = time.monotonic() + 30
    while not slack.texts:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert slack.texts[0].startswith("*Account paused: account x-main*")
    watchdog.send_signal(signal.SIGTERM)
    assert watchdog.wait(30) == 0
