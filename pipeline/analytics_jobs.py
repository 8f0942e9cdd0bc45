"""Readers by the clock: what the sites' analytics tell of yesterday is read each morning, once their day is counted."""

import dagster as dg

from pipeline.autostart import SCHEDULE_STATUS
from pipeline.settings import settings

sync_site_analytics = dg.define_asset_job(
    "sync_site_analytics",
    selection=dg.AssetSelection.assets("site_analytics"),
    description="Read the days of every page that the sites' analytics have not told yet, and the last few again.",
)
site_analytics_daily = dg.ScheduleDefinition(
    name="site_analytics_daily",
    job=sync_site_analytics,
    cron_schedule="25 5 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
