"""What happens by the clock."""

from collections.abc import Iterator

import dagster as dg

from pipeline import jobs
from pipeline.autostart import SCHEDULE_STATUS
from pipeline.partitions import ACCOUNT, runs_over
from pipeline.settings import settings

take_in_hourly = dg.ScheduleDefinition(
    name="take_in_hourly", job=jobs.take_in, cron_schedule="5 * * * *", default_status=SCHEDULE_STATUS
)
keep_calendar_hourly = dg.ScheduleDefinition(
    name="keep_calendar_hourly", job=jobs.keep_calendar, cron_schedule="10 * * * *", default_status=SCHEDULE_STATUS
)
plan_daily = dg.ScheduleDefinition(
    name="plan_daily",
    job=jobs.plan,
    cron_schedule="40 5 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
maintenance_nightly = dg.ScheduleDefinition(
    name="maintenance_nightly", job=jobs.maintenance, cron_schedule="15 3 * * *", default_status=SCHEDULE_STATUS
)


@dg.schedule(
    job=jobs.sync_metrics,
    cron_schedule="*/15 * * * *",
    default_status=SCHEDULE_STATUS,
    description="Asks for the figures that are due; most quarters of an hour only young posts have any.",
)
def sync_metrics_quarterly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    keys = list(context.instance.get_dynamic_partitions(ACCOUNT))
    for _, tags in runs_over(keys, keys):
        yield dg.RunRequest(tags=tags)


ALL = [
    take_in_hourly,
    sync_metrics_quarterly,
    keep_calendar_hourly,
    plan_daily,
    maintenance_nightly,
]
