"""The graph as Dagster sees it."""

import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from pipeline.definitions import defs
from pipeline.partitions import runs_over
from pipeline.settings import settings
from pipeline.store.reports import report_names


def test_the_definitions_load_and_hold_together():
    dg.Definitions.validate_loadable(defs)


def test_the_lineage_reads_from_source_to_report():
    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
        if key.path[0] != "report"
    }
    assert parents == {
        "source_content": set(),
        "content_analysis": {"source_content"},
        "content_brief": {"content_analysis"},
        "article_draft": {"content_brief"},
        "seo_report": {"article_draft"},
        "distribution_plan": {"seo_report"},
        "publications": {"distribution_plan"},
        "distribution_metrics": {"publications"},
        "site_analytics": {"publications"},
        "posting_times": {"distribution_metrics"},
        "experiment_results": {"distribution_metrics"},
        "attribution": {"distribution_metrics", "site_analytics"},
        "publishing_plan": {"distribution_plan", "posting_times"},
    }


def test_each_named_report_is_an_asset_that_follows_what_it_reads():
    graph = defs.resolve_asset_graph()
    keys = {key for key in graph.get_all_asset_keys() if key.path[0] == "report"}
    assert {key.path[1] for key in keys} == set(report_names())
    for key in keys:
        assert graph.get(key).parent_keys, key
        assert graph.get(key).parent_keys <= graph.get_all_asset_keys(), key


def test_every_asset_says_what_it_is_and_whose():
    for key in defs.resolve_asset_graph().get_all_asset_keys():
        node = defs.resolve_asset_graph().get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name != "default", key


def test_what_happens_by_the_clock_happens_in_an_order_that_lets_each_read_what_it_needs():
    scheduled = defs.get_repository_def().schedule_defs
    assert {s.name: s.cron_schedule for s in scheduled} == {
        "take_in_hourly": "5 * * * *",
        "sync_metrics_quarterly": "*/15 * * * *",
        "keep_calendar_hourly": "10 * * * *",
        "desk_reports_hourly": "30 * * * *",
        "experiments_looked_at": "50 */3 * * *",
        "maintenance_nightly": "15 3 * * *",
        "learn_posting_times_nightly": "40 4 * * *",
        "recycle_daily": "20 5 * * *",
        "site_analytics_daily": "25 5 * * *",
        "plan_daily": "40 5 * * *",
        "attribute_daily": "50 5 * * *",
        "daily_reports_daily": "10 6 * * *",
        "watch_performance_daily": "20 6 * * *",
        "digest_daily": f"0 {settings().digest_hour} * * *",
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
