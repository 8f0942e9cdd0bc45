"""The nightly upkeep of figures: what is made, what is kept, and what is dropped."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.measurement.retention import tend
from pipeline.store import metrics_retention
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.measurement.platform import published

KEEP = timedelta(days=180)
LATER = datetime.now(UTC).replace(day=5, hour=3, minute=15) + timedelta(days=300)
"""A night on which this month is old."""


@pytest.fixture
def publication(engine):
    with transaction(engine, "test") as connection:
        return published(connection, factories.account(connection, account_key="x"), timedelta(days=1), "a")


def rows(engine, query, **parameters):
    with engine.connect() as connection:
        return connection.execute(sa.text(query), parameters).all()


def record(engine, publication, at, impressions):
    with transaction(engine, "test") as connection:
        connection.execute(
            sa.text("""
                insert into distribution_metrics (distribution_id, recorded_at, recorded_hour, hours_since_publish, impressions)
                values (:id, :at, date_trunc('hour', cast(:at as timestamptz)), 1, :impressions)
            """),
            {"id": publication, "at": at, "impressions": impressions},
        )


def this_month():
    return f"distribution_metrics_{datetime.now(UTC):%Y_%m}"


def test_the_last_snapshot_of_each_day_that_is_over_is_kept_once(engine, publication):
    first = datetime.now(UTC).replace(day=1, hour=0, minute=30, second=0, microsecond=0)
    for hours, impressions in ((0, 10), (23, 30), (24, 40), (40, 50)):
        record(engine, publication, first + timedelta(hours=hours), impressions)
    now = first + timedelta(hours=47, minutes=50)  # in the second day
    assert tend(engine, keep=KEEP, now=now).snapshots_kept == 1
    assert tend(engine, keep=KEEP, now=now).days_kept == 0
    assert tend(engine, keep=KEEP, now=now + timedelta(hours=2)).snapshots_kept == 1
    kept = rows(engine, "select day, impressions, clicks from distribution_metrics_daily order by day")
    assert [tuple(row) for row in kept] == [
        (first.date(), 30, None),
        (first.date() + timedelta(days=1), 50, None),
    ]


def test_a_day_is_not_over_until_its_last_answers_are_stored(engine, publication):
    midnight = datetime.now(UTC).replace(day=2, hour=0, minute=0, second=0, microsecond=0)
    with engine.connect() as connection:
        assert metrics_retention.days_to_keep(connection, midnight + timedelta(minutes=59)) == []
        assert metrics_retention.days_to_keep(connection, midnight + timedelta(minutes=61)) == [
            date(midnight.year, midnight.month, 1)
        ]


def test_an_old_months_snapshots_are_dropped_once_each_of_its_days_is_kept(engine, publication):
    now = datetime.now(UTC)
    record(engine, publication, now, 10)
    with transaction(engine, "test") as connection:
        metrics_retention.keep_day(connection, now.date().replace(day=1))  # one day is not the month
        assert metrics_retention.old_months(connection, LATER.date()) == []
    upkeep = tend(engine, keep=KEEP, now=LATER)
    assert this_month() in upkeep.months_dropped
    assert rows(engine, "select 1 from distribution_metrics") == []
    assert rows(engine, "select to_regclass(:name) as found", name=this_month())[0].found is None
    assert [row.impressions for row in rows(engine, "select impressions from distribution_metrics_daily")] == [10]
    assert tend(engine, keep=KEEP, now=LATER).snapshots_kept == 0
    assert [row.impressions for row in rows(engine, "select impressions from distribution_metrics_daily")] == [10]


def test_a_month_that_others_are_at_is_left_to_the_next_night(engine, publication, monkeypatch):
    record(engine, publication, datetime.now(UTC), 10)
    monkeypatch.setattr(metrics_retention, "_PATIENCE", "50ms")
    with engine.connect() as reader:
        reader.execute(sa.text("select 1 from distribution_metrics")).all()
        upkeep = tend(engine, keep=KEEP, now=LATER)
        assert this_month() in upkeep.months_busy
    assert this_month() in tend(engine, keep=KEEP, now=LATER).months_dropped


def test_what_a_missed_night_put_into_the_default_partition_moves_to_its_month(engine, publication):
    with transaction(engine, "test") as connection:
        connection.execute(sa.text(f"drop table {this_month()}"))
    record(engine, publication, datetime.now(UTC), 10)
    assert len(rows(engine, "select 1 from distribution_metrics_default")) == 1
    assert tend(engine, keep=KEEP).months_made == 1
    assert rows(engine, "select 1 from distribution_metrics_default") == []
    assert [row.impressions for row in rows(engine, f"select impressions from {this_month()}")] == [10]
    with pytest.raises(sa.exc.IntegrityError):  # it is a partition like the others: constraints, keys and all
        record(engine, publication, datetime.now(UTC), -1)


def test_old_strays_go_once_their_day_is_kept(engine, publication):
    record(engine, publication, datetime.now(UTC) - timedelta(days=400), 10)
    upkeep = tend(engine, keep=KEEP)
    assert upkeep.strays_dropped == 1
    assert [row.impressions for row in rows(engine, "select impressions from distribution_metrics_daily")] == [10]


def test_old_answers_of_language_models_are_forgotten(engine):
    with transaction(engine, "test") as connection:
        for key, age in (("old", 181), ("young", 179)):
            connection.execute(
                sa.text("""
                    insert into ai_answers (key, model, answer, created_at)
                    values (:key, 'm', 'a', now() - make_interval(days => :age))
                """),
                {"key": key, "age": age},
            )
    assert tend(engine, keep=KEEP).answers_forgotten == 1
    assert [row.key for row in rows(engine, "select key from ai_answers")] == ["young"]
