"""Alerts are told once while they last, and their end once it lasts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa

from pipeline.store import alerts
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind

SUBJECT = "account x-main"


def raise_one(engine, message="no longer logged in", subject=SUBJECT):
    with transaction(engine, "test") as connection:
        return alerts.raise_alert(connection, AlertKind.PAUSED, subject, message)


def resolve(engine):
    with transaction(engine, "test") as connection:
        return alerts.resolve(connection, AlertKind.PAUSED, SUBJECT)


def outbox(engine):
    """The notices that are written: what of, on which channel, and whether it may go out now."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select payload ->> 'event' as event, topic, available_at <= now() as due from outbox order by id")
        )
        return [(row.event, row.topic.removeprefix("alert."), row.due) for row in rows]


def rows(engine):
    with engine.connect() as connection:
        return alerts.recent_alerts(connection, 10)


def pass_time(engine, by):
    """As if everything had happened earlier."""
    with transaction(engine, "test") as connection:
        connection.execute(
            sa.text("update alerts set raised_at = raised_at - :by, resolved_at = resolved_at - :by"), {"by": by}
        )
        connection.execute(sa.text("update outbox set available_at = available_at - :by"), {"by": by})


def waiting_for_a_lock(engine):
    with engine.connect() as connection:
        return connection.scalar(
            sa.text(
                "select exists (select from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock')"
            )
        )


ON_EACH_CHANNEL = [("raised", channel, True) for channel in ("log", "slack", "email")]


def test_an_alert_is_told_once_on_each_channel_while_it_lasts(engine):
    assert raise_one(engine)
    assert not raise_one(engine, "still not logged in")
    assert outbox(engine) == ON_EACH_CHANNEL
    (alert,) = rows(engine)
    assert (alert.times, alert.message) == (2, "still not logged in")


def test_another_subject_is_another_alert(engine):
    assert raise_one(engine)
    assert raise_one(engine, subject="account other")


def test_an_end_is_told_once_and_only_after_a_quarter_of_an_hour(engine):
    raise_one(engine)
    assert resolve(engine)
    assert not resolve(engine)
    assert outbox(engine)[3:] == [("resolved", channel, False) for channel in ("log", "slack", "email")]
    pass_time(engine, alerts.QUIET)
    assert all(due for _, _, due in outbox(engine))


def test_what_comes_back_within_a_quarter_of_an_hour_goes_on_and_nothing_more_is_told(engine):
    raise_one(engine)
    for _ in range(3):
        resolve(engine)
        pass_time(engine, alerts.QUIET - timedelta(seconds=30))
        assert not raise_one(engine)
    assert outbox(engine) == ON_EACH_CHANNEL
    (alert,) = rows(engine)
    assert (alert.times, alert.resolved_at) == (4, None)


def test_after_flapping_the_end_is_told(engine):
    raise_one(engine)
    resolve(engine)
    raise_one(engine)
    resolve(engine)
    assert len(outbox(engine)) == 6


def test_what_comes_back_later_is_a_new_alert_and_told_anew(engine):
    raise_one(engine)
    resolve(engine)
    pass_time(engine, alerts.QUIET + timedelta(seconds=1))
    assert raise_one(engine)
    assert [event for event, _, _ in outbox(engine)] == ["raised"] * 3 + ["resolved"] * 3 + ["raised"] * 3
    assert len(rows(engine)) == 2


def test_an_alert_raised_in_a_transaction_that_fails_is_not_told(engine):
    with engine.connect() as connection:
        alerts.raise_alert(connection, AlertKind.PAUSED, SUBJECT, "never happened")
        connection.rollback()
    assert outbox(engine) == []
    assert rows(engine) == []


def test_of_two_that_raise_the_same_at_once_one_tells(engine):
    with transaction(engine, "one") as first:
        assert alerts.raise_alert(first, AlertKind.PAUSED, SUBJECT, "no longer logged in")
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(raise_one, engine)
            while not waiting_for_a_lock(engine):
                assert not second.done()
            first.commit()
            assert not second.result()
    assert outbox(engine) == ON_EACH_CHANNEL
    assert rows(engine)[0].times == 2


def test_what_is_raised_while_its_end_is_written_goes_on(engine):
    raise_one(engine)
    with transaction(engine, "one") as first:
        alerts.resolve(first, AlertKind.PAUSED, SUBJECT)
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(raise_one, engine)
            while not waiting_for_a_lock(engine):
                assert not second.done()
            first.commit()
            assert not second.result()
    assert outbox(engine) == ON_EACH_CHANNEL
    assert rows(engine)[0].resolved_at is None


def test_all_that_is_open_about_a_distribution_can_be_over_at_once(engine):
    published, other = uuid4(), uuid4()
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, AlertKind.FAILED, alerts.about(published), "too long")
        alerts.raise_alert(connection, AlertKind.WARNING, alerts.about(published, last_hour=True), "a dead link")
        alerts.raise_alert(connection, AlertKind.FAILED, alerts.about(other), "too long")
        alerts.resolve_all_about(connection, [published])
        assert [alert.subject for alert in alerts.open_alerts(connection)] == [f"distribution {other}"]
