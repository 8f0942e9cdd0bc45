"""The asset `distribution_plan` as Dagster materializes it: what its page shows of a plan."""

import dagster as dg

from pipeline.assets.editorial import distribution_plan
from pipeline.partitions import POST
from pipeline.store.database import transaction
from pipeline_tests import factories


def test_the_plan_shows_each_version_and_why_an_account_has_none(engine, database_resource):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="x", account_key="x-main")
        factories.account(connection, name="pigeon", account_key="loft")
        author = factories.user(connection)
        factories.post(connection, factories.vertical(connection), author, canonical_id="garden-1", status="draft")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(POST, ["garden-1"])
        result = dg.materialize(
            [distribution_plan], partition_key="garden-1", resources={"database": database_resource}, instance=instance
        )
        (event,) = result.asset_materializations_for_node("distribution_plan")
    assert event.metadata["dagster/row_count"].value == 1
    *_, version, left_out = str(event.metadata["versions"].value).splitlines()
    assert version.startswith("| x-main | draft | ")
    assert left_out.startswith("| loft | left out | | No adapter for the platform 'pigeon'")
