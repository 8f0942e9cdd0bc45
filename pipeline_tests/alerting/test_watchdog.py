"""Each concern, broken and mended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from dagster._core.scheduler.instigation import TickStatus

from pipeline.alerting.watchdog import SENSORS, WatchConfig, look
from pipeline.store import outbox, tables
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind
from pipeline_tests import factories

CONFIG = WatchConfig()
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _worker(engine):
    """A worker is alive, so that only what a test breaks is broken."""
    with transaction(engine, "test") as connection:
        connection.execute(tables.workers.insert().values(name="worker"))


def seen(engine, dagster=None, config=CONFIG):
    return {(concern.kind, concern.subject): concern.message for concern in look(engine, dagster, config)}


def run_sql(engine, statement, **values):
    with transaction(engine, "test") as connection:
        connection.execute(sa.text(statement), values)


def distribution(engine, *, due_in, account=None, **values):
    with transaction(engine, "test") as connection:
        account = account or factories.account(connection, account_key=values.pop("account_key", "x-main"))
        return account, factories.distribution(connection, account, due_in=due_in, **values)


def attempt(engine, distribution_id, account, *, ago, outcome=None, **values):
    at = datetime.now(UTC) - ago
    with transaction(engine, "test") as connection:
        factories.insert(
            connection,
            tables.publish_attempts,
            distribution_id=distribution_id,
            platform_id=account,
            lease_token=values.pop("lease_token", 1),
            worker="w",
            started_at=at,
            outcome=outcome,
            finished_at=at if outcome else None,
            **values,
        )


PUBLISHING, MISSED = (AlertKind.STUCK, "publishing"), (AlertKind.MISSED, "account x-main")


def test_all_is_well_where_nothing_is_due(engine):
    account, _ = distribution(engine, due_in=MINUTE)
    distribution(engine, due_in=-4 * MINUTE, account=account)
    assert seen(engine) == {}


def test_what_is_due_and_not_sent_is_stuck_and_after_a_quarter_of_an_hour_missed(engine):
    _, late = distribution(engine, due_in=-6 * MINUTE)
    assert seen(engine).keys() == {PUBLISHING}
    run_sql(
        engine,
        "update distributions set scheduled_for = now() - interval '16 minutes', next_attempt_at = scheduled_for",
    )
    concerns = seen(engine)
    assert concerns.keys() == {PUBLISHING, MISSED}
    assert "x-main" in concerns[PUBLISHING]
    assert concerns[MISSED].startswith("Posts of x-main have missed their time: 1, ")
    run_sql(engine, "update distributions set status = 'cancelled' where id = :id", id=late)
    assert seen(engine) == {}


@pytest.mark.parametrize(
    "account",
    [
        {"state": "paused", "state_reason": "moving"},
        {"held_until": sa.func.now() + timedelta(hours=1)},
        {
            "quota_remaining": 0,
            "quota_reported_at": sa.func.now(),
            "quota_resets_at": sa.func.now() + timedelta(hours=1),
        },
    ],
    ids=["paused", "resting", "no quota"],
)
def test_an_account_that_may_not_send_is_not_stuck(engine, account):
    with transaction(engine, "test") as connection:
        row = factories.account(connection, **account)
    distribution(engine, due_in=-60 * MINUTE, account=row)
    assert seen(engine) == {}


def test_a_post_that_waits_for_its_home_page_is_not_stuck(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(connection, is_home=True, state="paused", state_reason="moving")
        other = factories.account(connection)
        for account in (home, other):
            factories.distribution(connection, account, post_id=post_id, review_id=review_id, due_in=-60 * MINUTE)
    assert seen(engine) == {}
    run_sql(engine, "update distributions set status = 'cancelled' where platform_id = :id", id=home)
    assert PUBLISHING in seen(engine)


def test_an_account_that_keeps_its_pace_is_not_stuck_however_long_its_backlog(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="x-main", min_interval_minutes=30)
    _, sent = distribution(engine, due_in=-90 * MINUTE, account=account)
    distribution(engine, due_in=-80 * MINUTE, account=account)
    attempt(engine, sent, account, ago=20 * MINUTE, outcome="published")
    run_sql(engine, "update distributions set status = 'publishing', lease_until = now() where id = :id", id=sent)
    run_sql(
        engine,
        "update distributions set status = 'published', lease_until = null, published_at = now() where id = :id",
        id=sent,
    )
    assert seen(engine) == {}
    run_sql(engine, "update publish_attempts set started_at = now() - interval '36 minutes'")
    assert seen(engine).keys() == {PUBLISHING, MISSED}


@pytest.mark.parametrize("outcome", [{"outcome": "published"}, {"outcome": "not_sent", "error_kind": "network"}])
def test_an_account_that_works_through_a_backlog_is_not_stuck(engine, outcome):
    account, tried = distribution(engine, due_in=-90 * MINUTE)
    distribution(engine, due_in=-90 * MINUTE, account=account)
    attempt(engine, tried, account, ago=MINUTE, **outcome)
    assert seen(engine) == {}


def test_an_account_whose_lane_a_worker_holds_is_not_stuck(engine):
    account, held = distribution(engine, due_in=-90 * MINUTE)
    distribution(engine, due_in=-90 * MINUTE, account=account)
    run_sql(
        engine,
        "update distributions set status = 'publishing', lease_until = now() + interval '1 minute' where id = :id",
        id=held,
    )
    assert seen(engine) == {}


@pytest.mark.parametrize("status", ["publishing", "unknown"])
def test_what_nobody_looks_after_when_its_worker_died_or_its_outcome_is_unknown(engine, status):
    _, lost = distribution(engine, due_in=timedelta(hours=1))
    run_sql(engine, "update distributions set status = 'publishing', lease_until = now() - interval '6 minutes'")
    if status == "unknown":
        run_sql(
            engine,
            "update distributions set status = 'unknown', lease_until = null, settle_until = now(),"
            " reconcile_at = now() - interval '6 minutes'",
        )
    key = (AlertKind.STUCK, "reconciliation")
    assert seen(engine).keys() == {key}
    column = "lease_until" if status == "publishing" else "reconcile_at"
    run_sql(engine, f"update distributions set {column} = now() - interval '4 minutes' where id = :id", id=lost)
    assert seen(engine) == {}


def test_an_outcome_that_stays_unknown_past_its_deadline_needs_a_person(engine):
    account, lost = distribution(engine, due_in=timedelta(hours=1))
    key = (AlertKind.UNKNOWN, f"distribution {lost}")
    attempt(engine, lost, account, ago=timedelta(hours=24), outcome="unknown")
    run_sql(engine, "update distributions set status = 'publishing', lease_until = now()")
    run_sql(
        engine,
        "update distributions set status = 'unknown', lease_until = null, settle_until = now(), reconcile_at = now()",
    )
    assert seen(engine) == {}
    run_sql(engine, "update publish_attempts set started_at = now() - interval '26 hours'")
    concerns = seen(engine)
    assert concerns.keys() == {key}
    assert f"pressroom distributions show {str(lost)[:8]}" in concerns[key]
    run_sql(engine, "update publish_attempts set started_at = now()")
    run_sql(engine, "update distributions set person_asked_at = now()")
    assert seen(engine).keys() == {key}


def test_what_is_not_delivered_for_an_hour_is_told_and_what_waits_for_its_time_is_not(engine):
    key = (AlertKind.UNDELIVERED, "outbox")
    with transaction(engine, "test") as connection:
        outbox.add(connection, "indexnow", "page:1", {})
    run_sql(engine, "update outbox set created_at = now() - interval '2 hours'")
    assert seen(engine) == {}
    run_sql(engine, "update outbox set available_at = now() - interval '61 minutes'")
    assert seen(engine).keys() == {key}
    run_sql(engine, "update outbox set available_at = now() + interval '1 hour', attempts = 4")
    assert seen(engine).keys() == {key}
    run_sql(engine, "update outbox set delivered_at = now()")
    assert seen(engine) == {}


def test_where_neither_dagster_nor_a_worker_is_at_work_nothing_will_be_published(engine):
    run_sql(engine, "update workers set seen_at = now() - interval '61 seconds'")
    assert seen(engine).keys() == {(AlertKind.STUCK, "worker")}


class WithDagster:
    @pytest.fixture(autouse=True)
    def _no_worker(self, _worker, engine):
        run_sql(engine, "delete from workers")


class TestSensors(WithDagster):
    @pytest.fixture
    def ticking(self, books):
        for name in SENSORS:
            books.sensor(name)
        return books

    def test_sensors_that_tick_are_well(self, engine, ticking):
        assert seen(engine, ticking.engine) == {}

    @pytest.mark.parametrize(
        ("state", "told"),
        [
            ({"ago": 4 * MINUTE}, "does not tick, the last good one was"),
            ({"ago": timedelta(days=3)}, "does not tick"),
            ({"ago": 4 * MINUTE, "status": TickStatus.STARTED}, "does not tick"),
            ({"on": False}, "is switched off"),
            ({"ago": None}, "does not tick"),
        ],
        ids=["stale", "stale for days", "hanging", "off", "never"],
    )
    def test_one_that_does_not_is_told_unless_a_worker_is_at_work(self, engine, books, state, told):
        *well, ill = SENSORS
        for name in well:
            books.sensor(name)
        books.sensor(ill, **state)
        concerns = seen(engine, books.engine)
        assert concerns.keys() == {(AlertKind.STUCK, f"sensor {ill}")}
        assert told in concerns[AlertKind.STUCK, f"sensor {ill}"]
        run_sql(engine, "insert into workers (name) values ('worker')")
        assert seen(engine, books.engine) == {}
        run_sql(engine, "delete from workers")
        books.sensor(ill)
        assert seen(engine, books.engine) == {}

    def test_one_whose_ticks_all_fail_is_told_though_it_ticks(self, engine, ticking):
        ticking.sensor(SENSORS[0], ago=timedelta(seconds=1), status=TickStatus.FAILURE)
        assert seen(engine, ticking.engine) == {}
        with ticking.engine.begin() as connection:
            connection.execute(
                sa.text("update job_ticks set timestamp = timestamp - interval '5 minutes' where status <> 'FAILURE'")
            )
        for name in SENSORS[1:]:
            ticking.sensor(name)
        key = (AlertKind.STUCK, f"sensor {SENSORS[0]}")
        concerns = seen(engine, ticking.engine)
        assert concerns.keys() == {key}
        assert f"ticks of the sensor {SENSORS[0]} fail, the last good one" in concerns[key]

    def test_one_that_dagster_has_never_seen_is_off(self, engine, books):
        assert all("switched off" in message for message in seen(engine, books.engine).values())
        assert len(seen(engine, books.engine)) == len(SENSORS)


def test_a_run_that_goes_on_for_too_long_is_told_until_it_ends(engine, books):
    books.run(ago=50 * MINUTE)
    books.run(ago=90 * MINUTE, ended=True)
    assert seen(engine, books.engine) == {}
    stuck = books.run(ago=61 * MINUTE)
    concerns = seen(engine, books.engine)
    assert concerns.keys() == {(AlertKind.STUCK, f"run {stuck}")}
    assert "of write_posts" in concerns[AlertKind.STUCK, f"run {stuck}"]


def test_a_storage_of_dagsters_that_can_not_be_read_is_told_without_its_password(engine):
    away = sa.create_engine("postgresql+psycopg://dagster:secret@127.0.0.1:9/dagster")
    concerns = seen(engine, away)
    assert concerns.keys() == {(AlertKind.STUCK, "Dagster's storage")}
    assert "secret" not in str(concerns)


def test_a_code_server_that_does_not_answer_is_told(engine):
    concerns = seen(engine, config=replace(CONFIG, code_server="127.0.0.1:9"))
    assert concerns.keys() == {(AlertKind.STUCK, "code server")}
