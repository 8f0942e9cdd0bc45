"""The whole graph, with the world swappable: tests pass resources of their own."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipeline import (
    alert_jobs,
    analytics_jobs,
    attribution_jobs,
    checks,
    deliveries,
    experiment_jobs,
    handing_over,
    interventions,
    jobs,
    learning_jobs,
    logs,
    looking_ahead,
    planning_jobs,
    recycling_jobs,
    report_jobs,
    schedules,
    sensors,
)
from pipeline.assets import (
    analytics,
    attribution,
    calendar,
    distribution,
    editorial,
    experiments,
    learning,
    metrics,
    reports,
)
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms
from pipeline.resources.writer import WriterResource


def build_defs(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """`resources` replaces any of database, platforms, writer."""
    logs.configure()
    database = (resources or {}).get("database", Database())
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [editorial, calendar, distribution, metrics, analytics, attribution, learning, experiments, reports]
        ),
        asset_checks=checks.ALL,
        jobs=[
            *jobs.ASSET_JOBS,
            *jobs.OP_JOBS,
            *interventions.ALL,
            deliveries.deliver_followups,
            alert_jobs.daily_digest,
            looking_ahead.look_ahead,
            handing_over.hand_over,
            planning_jobs.apply_plan,
            recycling_jobs.recycle_evergreen,
            analytics_jobs.sync_site_analytics,
            attribution_jobs.attribute,
            experiment_jobs.look_at_experiments,
            learning_jobs.learn_posting_times,
            *report_jobs.ASSET_JOBS,
            *report_jobs.OP_JOBS,
        ],
        schedules=[
            *schedules.ALL,
            alert_jobs.digest_daily,
            recycling_jobs.recycle_daily,
            analytics_jobs.site_analytics_daily,
            attribution_jobs.attribute_daily,
            experiment_jobs.experiments_looked_at,
            learning_jobs.learn_nightly,
            *report_jobs.SCHEDULES,
        ],
        sensors=[
            *sensors.ALL,
            deliveries.undelivered_followups,
            looking_ahead.early_warnings,
            handing_over.handed_over,
        ],
        resources={
            "database": database,
            "platforms": Platforms(database=database),
            "writer": WriterResource(),
            **(resources or {}),
        },
        # A run of ours waits on networks, not on the processor: a process for each step would only cost seconds.
        executor=dg.in_process_executor,
    )
