"""The whole graph, with the world swappable: tests pass resources of their own."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipeline import (
    alert_jobs,
    checks,
    deliveries,
    handing_over,
    interventions,
    jobs,
    logs,
    looking_ahead,
    planning_jobs,
    recycling_jobs,
    schedules,
    sensors,
)
from pipeline.assets import calendar, distribution, editorial, metrics
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms
from pipeline.resources.writer import WriterResource


def build_defs(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """`resources` replaces any of database, platforms, writer."""
    logs.configure()
    database = (resources or {}).get("database", Database())
    return dg.Definitions(
        assets=dg.load_assets_from_modules([editorial, calendar, distribution, metrics]),
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
        ],
        schedules=[*schedules.ALL, alert_jobs.digest_daily, recycling_jobs.recycle_daily],
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
