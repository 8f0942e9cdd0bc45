"""The asset `posting_times` as Dagster materializes it."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pipeline.assets.learning import posting_times
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.learning.timing import figures


def test_it_shows_the_best_hours_and_a_heat_map_that_is_told_in_words_as_well(engine, database_resource):
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with transaction(engine, "test") as connection:
        x = factories.account(connection, account_key="x-main", timezone="UTC")
        factories.account(connection, name="linkedin", account_key="linkedin-main")
        days = [now - timedelta(days=day) for day in range(3, 80)]
        figures.add(connection, x, [(day.replace(hour=8), {48: 50 + day.day}) for day in days])
        figures.add(connection, x, [(day.replace(hour=20), {48: 500 + day.day}) for day in days])
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([posting_times], resources={"database": database_resource}, instance=instance)
        (event,) = result.asset_materializations_for_node("posting_times")
    assert event.metadata["dagster/row_count"].value == 1
    assert event.metadata["without enough data"].value == 1
    table = str(event.metadata["best hours"].value).splitlines()
    assert table[2] == "| linkedin-main | 0 | not enough data |  |"
    assert table[3].startswith("| x-main | 154 | ")
    picture = str(event.metadata["hours"].value)
    assert picture.startswith("![x-main (UTC). Learned from 154 publications, at 48 hours of age. Best: ")
    assert "](data:image/png;base64,iVBOR" in picture


def test_without_any_figures_it_says_that_nothing_is_learned(engine, database_resource):
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([posting_times], resources={"database": database_resource}, instance=instance)
        (event,) = result.asset_materializations_for_node("posting_times")
    assert event.metadata["hours"].value == "nothing learned yet"
