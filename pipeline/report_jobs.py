"""The reports by the clock: what a desk works by each hour, what changes by the day once it is over; and the alerts."""

import dagster as dg

from pipeline.assets import reports
from pipeline.autostart import SCHEDULE_STATUS
from pipeline.resources.database import Database
from pipeline.settings import settings

desk_reports = dg.define_asset_job(
    "desk_reports",
    selection=dg.AssetSelection.assets(*reports.keys(hourly=True)),
    description="What a desk works by, as tables: the calendar, the queue, what failed.",
)
daily_reports = dg.define_asset_job(
    "daily_reports",
    selection=dg.AssetSelection.assets(*reports.keys(hourly=False)),
    description="The numbers, as tables and pictures: performance, times, decay, cost and profit.",
)


@dg.op(tags={"kind": "measure"})
def tell_of_underperformers(context: dg.OpExecutionContext, database: Database) -> None:
    """Raises an alert for what does worse than others at the same age, with what to try; ends those that are over."""
    from pipeline.measurement.underperforming import tell

    told = tell(database.engine)
    context.log.info("Told of: %s", ", ".join(told.raised) or "nothing new")
    context.log.info("Over: %s", ", ".join(told.over) or "nothing")
    if told.untold:
        context.log.info("%s more are in the reports; people are told when there is room", told.untold)


@dg.job(
    description="Tell people what does worse than others at the same age, and what to try. Safe to start at any time; "
    "the reports weak_publications, underperformers and content_decay list all of it."
)
def watch_performance() -> None:
    tell_of_underperformers()


desk_reports_hourly = dg.ScheduleDefinition(
    name="desk_reports_hourly", job=desk_reports, cron_schedule="30 * * * *", default_status=SCHEDULE_STATUS
)
# After the night's figures of the site, and before people come.
daily_reports_daily = dg.ScheduleDefinition(
    name="daily_reports_daily",
    job=daily_reports,
    cron_schedule="10 6 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
watch_performance_daily = dg.ScheduleDefinition(
    name="watch_performance_daily",
    job=watch_performance,
    cron_schedule="20 6 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)

ASSET_JOBS = [desk_reports, daily_reports]
OP_JOBS = [watch_performance]
SCHEDULES = [desk_reports_hourly, daily_reports_daily, watch_performance_daily]
