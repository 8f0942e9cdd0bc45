"""The asset checks as Dagster runs and keeps them: one result for each post, also in a run over several."""

import dagster as dg
import pytest

from pipeline.assets.editorial import article_draft, seo_report
from pipeline.checks import nothing_blocks_approval, seo_findings, source_findings
from pipeline.partitions import POST, runs_over
from pipeline.resources.writer import WriterResource
from pipeline.store.database import transaction
from pipeline_tests import factories

GROUPS = {"keyphrase", "titles_and_descriptions", "structure", "links", "pictures", "readability", "blocking"}


@pytest.fixture
def line(engine, database_resource):
    """Runs the report and its checks over posts; returns the evaluations by (check, post)."""
    with dg.DagsterInstance.ephemeral() as instance, transaction(engine, "test") as connection:
        vertical, author = factories.vertical(connection), factories.user(connection)
        contents = {
            "garden-1": "# Roses\n\nCut above a bud.",
            "garden-2": "<!-- empty -->",
            "garden-3": "# A | B\n\n# C",
        }
        for canonical_id, content in contents.items():
            factories.post(connection, vertical, author, canonical_id=canonical_id, content=content)
        connection.commit()
        instance.add_dynamic_partitions(POST, list(contents))

        def run(
            partition_key: str | None = None, tags: dict[str, str] | None = None
        ) -> dict[tuple[str, str | None], dg.AssetCheckEvaluation]:
            result = dg.materialize(
                [seo_report, seo_findings, nothing_blocks_approval],
                resources={"database": database_resource},
                instance=instance,
                partition_key=partition_key,
                tags=tags,
            )
            assert result.success
            found = result.get_asset_check_evaluations()
            return {(each.check_name, each.partition): each for each in found}

        yield run, instance


def test_each_group_of_findings_is_a_check_of_each_post(line):
    run, _ = line
    ((keys, tags),) = runs_over(["garden-1", "garden-2", "garden-3"], ["garden-1", "garden-2", "garden-3"])
    found = run(tags=tags)
    assert set(found) == {(group, key) for group in GROUPS for key in keys} | {("nothing_blocks_approval", None)}
    assert found["blocking", "garden-1"].passed
    assert not found["blocking", "garden-2"].passed
    assert found["blocking", "garden-2"].severity == dg.AssetCheckSeverity.ERROR
    assert not found["keyphrase", "garden-1"].passed
    assert found["keyphrase", "garden-1"].severity == dg.AssetCheckSeverity.WARN


def test_a_check_says_what_and_where_as_text(line):
    run, _ = line
    found = run(partition_key="garden-3")
    table = str(found["structure", "garden-3"].metadata["findings"].value)
    assert "| improvement | 2 level-1 headings instead of one. | line 3: “C” | Make the others level 2. |" in table
    assert set(found) == {(group, "garden-3") for group in GROUPS} | {("nothing_blocks_approval", None)}


def test_a_result_belongs_to_the_report_that_it_was_made_of(line):
    """What has no target, or an older one, the UI shows as not checked."""
    run, instance = line
    ((_, tags),) = runs_over(["garden-1", "garden-2", "garden-3"], ["garden-1", "garden-2"])
    for evaluation in run(tags=tags).values():
        if evaluation.partition is not None:
            filter_ = dg.AssetRecordsFilter(asset_key=seo_report.key, asset_partitions=[evaluation.partition])
            (latest,) = instance.fetch_materializations(filter_, limit=1).records
            assert evaluation.target_materialization_data is not None
            assert evaluation.target_materialization_data.storage_id == latest.storage_id


def test_what_the_sources_do_not_support_is_a_check_of_each_draft(engine, database_resource):
    with transaction(engine, "test") as connection:
        vertical, author = factories.vertical(connection), factories.user(connection)
        original = factories.post(connection, vertical, author, canonical_id="garden-1")
        factories.post(
            connection, vertical, author, canonical_id="garden-2", content="Cut 4,711 roses above a bud.",
            content_type="repurposed", platforms=["x"], canonical_url="https://garden.example/garden-1/",
            repurposed_from=original, repurposed_as="thread",
        )  # fmt: skip
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(POST, ["garden-1", "garden-2"])
        ((_, tags),) = runs_over(["garden-1", "garden-2"], ["garden-1", "garden-2"])
        result = dg.materialize(
            [article_draft, source_findings],
            resources={"database": database_resource, "writer": WriterResource()},
            instance=instance,
            tags=tags,
            selection=dg.AssetSelection.checks(source_findings),
        )
    found = {each.partition: each for each in result.get_asset_check_evaluations()}
    assert found["garden-1"].passed  # it was written without a source
    assert not found["garden-2"].passed
    assert "4,711" in str(found["garden-2"].metadata["findings"].value)
