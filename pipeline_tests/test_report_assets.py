"""The reports as Dagster makes them: an asset each, with its table, its picture, and one's failure not the others'."""

import dagster as dg
import pytest

from pipeline import report_jobs
from pipeline.assets import reports
from pipeline.store import tables
from pipeline.store.reports import report_names
from pipeline_tests import factories


@pytest.fixture
def publication(engine):
    with engine.begin() as connection:
        account = factories.account(connection, account_key="x-one")
        post_id, review_id = factories.approved_post(connection, title="Prune | [now](http://evil.example)")
        at = report_time()
        published = factories.distribution(
            connection,
            account,
            post_id=post_id,
            review_id=review_id,
            status="published",
            published_at=at,
            impressions=1000,
            engagements=42,
        )
        connection.execute(
            tables.distribution_age_figures.insert().values(
                distribution_id=published,
                age_hours=48,
                platform_id=account,
                published_at=at,
                measured_age_hours=48,
                impressions=1000,
                engagements=42,
            )
        )


def report_time():
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) - timedelta(days=3)


def materialized(database, *names: str, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [reports.reports],
            selection=[reports.key(name) for name in names],
            instance=instance,
            resources={"database": database},
            raise_on_error=raise_on_error,
        )


def shown(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, object]]:
    events = result.asset_materializations_for_node("reports")
    return {event.asset_key.path[-1]: {name: value.value for name, value in event.metadata.items()} for event in events}


def test_a_report_is_an_asset_with_its_rows_its_table_and_its_picture(database_resource, publication):
    result = shown(materialized(database_resource, "performance_by_platform", "failed_distributions"))
    performance = result["performance_by_platform"]
    assert performance["dagster/row_count"] == 1
    assert performance["set to"] == "days = 30, age_hours = 48"
    assert "4.2 %" in str(performance["table"])
    assert str(performance["picture"]).startswith("![What each account")
    assert result["failed_distributions"]["dagster/row_count"] == 0
    assert "picture" not in result["failed_distributions"]


def test_one_reports_failure_is_not_the_others(database_resource, engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table account_snapshots")
    result = materialized(database_resource, "audience_growth", "failed_distributions", raise_on_error=False)
    assert not result.success
    assert set(shown(result)) == {"failed_distributions"}


def test_every_report_is_made_by_one_job_and_says_what_it_reads():
    hourly, daily = reports.keys(hourly=True), reports.keys(hourly=False)
    assert sorted([*hourly, *daily]) == sorted(reports.key(name) for name in report_names())
    assert reports.key("failed_distributions") in hourly
    upstream = {key.to_user_string() for spec in reports.reports.specs for key in [dep.asset_key for dep in spec.deps]}
    assert {"distribution_metrics", "site_analytics", "publications"} <= upstream


def test_underperformers_are_told_by_a_job_of_their_own(database_resource):
    assert report_jobs.watch_performance.execute_in_process(resources={"database": database_resource}).success
