"""The asset `site_analytics` as Dagster materializes it."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pipeline.assets.analytics import site_analytics
from pipeline.resources.platforms import Platforms
from pipeline_tests.measurement.site_analytics import conftest

server, sandbox, desk = conftest.server, conftest.sandbox, conftest.desk


def materialized(database_resource):
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [site_analytics],
            resources={"database": database_resource, "platforms": Platforms(database=database_resource)},
            instance=instance,
            raise_on_error=False,
        )


def test_the_readers_are_shown_as_a_picture_with_words_and_a_table(desk, database_resource):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    roses = desk.page("roses", datetime.now(UTC) - timedelta(days=3))
    desk.source("plausible", counts_since=yesterday - timedelta(days=1))
    desk.readers(roses, yesterday)
    result = materialized(database_resource)
    assert result.success
    (event,) = result.asset_materializations_for_node("site_analytics")
    assert event.metadata["dagster/row_count"].value == 2
    picture = str(event.metadata["readers"].value)
    assert picture.startswith("![Page views a day")
    assert "data:image/png;base64," in picture
    assert "| 10 |" in str(event.metadata["most read"].value)


def test_a_source_that_can_not_be_read_fails_the_run_and_says_which_and_the_others_are_kept(desk, database_resource):
    desk.source("plausible", counts_since=datetime.now(UTC).date() - timedelta(days=2))
    desk.page("roses", datetime.now(UTC) - timedelta(days=3))
    desk.sandbox.fault("plausible", "unavailable")
    result = materialized(database_resource)
    assert not result.success
    (failure,) = result.get_failed_step_keys()
    event = next(event for event in result.all_events if event.is_step_failure)
    assert failure == "site_analytics"
    assert "1 of 1 sources could not be read: readers:" in str(event.event_specific_data)
