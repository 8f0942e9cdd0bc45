"""The graph as Dagster sees it."""

import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from pipeline import schedules
from pipeline.definitions import defs
from pipeline.partitions import runs_over


def test_the_definitions_load_and_hold_together():
    dg.Definitions.validate_loadable(defs)


def test_the_lineage_reads_from_source_to_report():
    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert parents == {
        "source_content": set(),
        "content_analysis": {"source_content"},
        "content_brief": {"content_analysis"},
        "article_draft": {"content_brief"},
        "seo_report": {"article_draft"},
        "distribution_plan": {"seo_report"},
        "publishing_plan": {"distribution_plan"},
        "publications": {"distribution_plan"},
        "distribution_metrics": {"publications"},
        "performance_report": {"distribution_metrics"},
    }


def test_every_asset_says_what_it_is_and_whose():
    for key in defs.resolve_asset_graph().get_all_asset_keys():
        node = defs.resolve_asset_graph().get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name != "default", key


def test_the_schedules_run_when_the_readme_says():
    assert {s.name: s.cron_schedule for s in schedules.ALL} == {
        "take_in_hourly": "5 * * * *",
        "sync_metrics_quarterly": "*/15 * * * *",
        "keep_calendar_hourly": "10 * * * *",
        "plan_daily": "40 5 * * *",
        "report_hourly": "30 * * * *",
        "maintenance_nightly": "15 3 * * *",
    }


@pytest.mark.parametrize(("autostart", "status"), [("1", "RUNNING"), ("", "STOPPED")])
def test_sensors_and_schedules_are_off_until_a_start_switches_them_on(autostart, status):
    code = (
        "from pipeline.definitions import defs\n"
        "print({d.default_status.value for d in [*defs.sensors, *defs.schedules]})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PRESSROOM_AUTOSTART": autostart}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == f"{{'{status}'}}"


def test_no_asset_job_can_publish():
    publishing = {"publish"}
    for job in defs.jobs or []:
        resolved = defs.resolve_job_def(job.name)
        ops = {node.name for node in resolved.graph.node_defs}
        assert ("publish_due_distributions" in ops) == (job.name in publishing), job.name


@pytest.mark.parametrize(
    ("known", "keys", "ranges"),
    [
        ([], ["a", "b"], [("a", "b")]),
        (["a", "b", "c"], ["a", "c"], [("a", "a"), ("c", "c")]),
        (["a", "b"], ["b", "x", "y"], [("b", "y")]),
        (["a"], [], []),
    ],
)
def test_a_run_over_partitions_never_takes_in_one_that_was_not_asked_for(known, keys, ranges):
    starts_and_ends = [
        (tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"])
        for _, tags in runs_over(known, keys)
    ]
    assert starts_and_ends == ranges


def test_no_jobs_form_in_the_launchpad_comes_filled_in_with_a_masked_secret():
    for job in defs.resolve_all_job_defs():
        snapshot = job.get_job_snapshot()
        root_key = snapshot.mode_def_snaps[0].root_config_key
        assert root_key is not None
        form = default_values_yaml_from_type_snap(
            snapshot.config_schema_snapshot, snapshot.config_schema_snapshot.get_config_snap(root_key)
        )
        assert "***" not in form, job.name
