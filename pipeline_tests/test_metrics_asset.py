"""The figures in Dagster: one partition an account, over real HTTP against an X of our own."""

import json
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from pipeline.assets.metrics import distribution_metrics
from pipeline.partitions import ACCOUNT
from pipeline.resources.platforms import Platforms
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.measurement.platform import published
from pipeline_tests.platforms.rehearsal import platform_of, publish


@pytest.fixture
def accounts(engine, monkeypatch):
    """`well` has a post that went out two hours ago; `shut` has credentials that nobody keeps."""
    stand_in = stand_ins()["x"]
    with running() as sandbox:
        monkeypatch.setenv("X_SECRET", json.dumps(dict(stand_in.credentials)))
        platform = platform_of("x", sandbox, "http://127.0.0.1:9")
        post = publish(platform.adapter(), platform.content())
        with transaction(engine, "test") as connection:
            settings = {"publish_config": dict(stand_in.publish_config(sandbox.url))}
            well = factories.account(connection, account_key="well", credentials_secret_id="env:X_SECRET", **settings)
            factories.account(connection, account_key="shut", credentials_secret_id="env:NOBODY_KEEPS", **settings)
            published(connection, well, timedelta(hours=2), post.external_id)
        yield ["shut", "well"]


def test_an_account_that_fails_is_one_red_cell_and_says_why(database_resource, accounts):
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(ACCOUNT, accounts)
        result = dg.materialize(
            [distribution_metrics],
            instance=instance,
            resources={"database": database_resource, "platforms": Platforms(database=database_resource)},
            selection=[distribution_metrics],
            tags={"dagster/asset_partition_range_start": "shut", "dagster/asset_partition_range_end": "well"},
            raise_on_error=False,
        )
        (record,) = instance.fetch_materializations(distribution_metrics.key, limit=5).records
    assert record.asset_materialization is not None
    figures: dict[str, Any] = {name: value.value for name, value in record.asset_materialization.metadata.items()}
    assert record.partition_key == "well"
    assert (figures["dagster/row_count"], figures["still_due"]) == (1, 0)
    assert figures["list_price_usd"] >= 0.005
    (failure,) = [e for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_FAILURE]
    about = failure.step_failure_data.user_failure_data
    said = str(about and about.description)
    assert "1 of 2 accounts" in said
    assert "shut: " in said
    assert "NOBODY_KEEPS" in said
