"""The asset `attribution` as Dagster materializes it: what its page shows, and that twice is once."""

import dagster as dg

from pipeline.assets.attribution import attribution
from pipeline_tests.measurement.attribution import world
from pipeline_tests.measurement.attribution.world import ago


def test_the_page_shows_what_each_model_credits_the_channels_with(engine, database_resource):
    with engine.begin() as connection:
        thread, _ = world.publication(connection, "x-main", platform="x")
        world.click(connection, "ada", ago(minutes=9), thread)
        world.conversion(connection, "ada", usd="12.50")
    shown = [_materialized(database_resource) for _ in range(2)]
    for metadata in shown:
        assert "| x-main | 1.0 | $12.50 |" in metadata["channels"].value
        assert "x-main: first 12.50" in metadata["picture"].value
        assert "data:image/png;base64," in metadata["picture"].value
    assert [metadata["publications booked"].value for metadata in shown] == [1, 0]


def test_without_a_conversion_there_is_no_picture(database_resource):
    metadata = _materialized(database_resource)
    assert metadata["channels"].value == "*No conversion yet.*"
    assert "picture" not in metadata


def _materialized(database_resource):
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([attribution], resources={"database": database_resource}, instance=instance)
        (event,) = result.asset_materializations_for_node("attribution")
    return event.metadata
