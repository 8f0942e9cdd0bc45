"""Attribution by the clock: each morning, before the reports, what came in since is credited and booked."""

import dagster as dg

from pipeline.autostart import SCHEDULE_STATUS
from pipeline.settings import settings

attribute = dg.define_asset_job(
    "attribute",
    selection=dg.AssetSelection.assets("attribution"),
    description="Credit new and changed conversions to what led to them, and book what publications cost. Safe to "
    "start at any time.",
)

attribute_daily = dg.ScheduleDefinition(
    name="attribute_daily",
    job=attribute,
    cron_schedule="50 5 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
