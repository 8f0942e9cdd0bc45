"""Learning by the clock: what the accounts' hours are worth, anew each night before the day is planned."""

import dagster as dg

from pipeline.assets.learning import posting_times
from pipeline.autostart import SCHEDULE_STATUS
from pipeline.settings import settings

learn_posting_times = dg.define_asset_job(
    "learn_posting_times",
    selection=dg.AssetSelection.assets(posting_times),
    description="Learn each account's hours from the figures that are there. Safe to start at any time; the same "
    "figures within a week give the same hours.",
)

learn_nightly = dg.ScheduleDefinition(
    name="learn_posting_times_nightly",
    job=learn_posting_times,
    cron_schedule="40 4 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
