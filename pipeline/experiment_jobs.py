"""Experiments by the clock: a look at each that runs, every three hours. Looking often costs nothing in certainty."""

import dagster as dg

from pipeline.assets.experiments import experiment_results
from pipeline.autostart import SCHEDULE_STATUS
from pipeline.settings import settings

look_at_experiments = dg.define_asset_job(
    "look_at_experiments",
    selection=dg.AssetSelection.assets(experiment_results),
    description="Look at each running experiment, end those that their rule decides, and apply their winners. Safe to "
    "start at any time; `pressroom experiments` shows the same.",
)

experiments_looked_at = dg.ScheduleDefinition(
    name="experiments_looked_at",
    job=look_at_experiments,
    cron_schedule="50 */3 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
