"""The look ahead at what is scheduled: its sensor and its job."""

import dagster as dg

from pipeline.autostart import SENSOR_STATUS
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms
from pipeline.sensors import under_way


@dg.op(tags={"kind": "look_ahead"})
def look_at_scheduled_distributions(context: dg.OpExecutionContext, database: Database, platforms: Platforms) -> None:
    """Would each go out as it should? Asks platforms, pages and media; publishes nothing."""
    from pipeline.distribution.early_warning import look_ahead

    report = look_ahead(
        database.engine,
        platforms.adapters,
        on_time=platforms.config.on_time,
        worker=f"dagster run {context.run_id}",
    )
    context.log.info("%s looked at, %s with new warnings", report.looked_at, report.newly_warned)


@dg.job(
    description="Look a day and an hour ahead for what would stop a post. Safe to start at any time; "
    "`pressroom warnings` lists what was found."
)
def look_ahead() -> None:
    look_at_scheduled_distributions()


@dg.sensor(
    target=look_ahead,
    minimum_interval_seconds=300,
    default_status=SENSOR_STATUS,
    description="Starts the look ahead when a scheduled post comes within a day, or within an hour, of its time.",
)
def early_warnings(context: dg.SensorEvaluationContext, database: Database) -> dg.SkipReason | dg.RunRequest:
    from pipeline.store.early_warnings import anything_to_look_at

    if under_way(context, look_ahead.name):
        return dg.SkipReason("A look ahead is under way.")
    with database.engine.connect() as connection:
        waiting = anything_to_look_at(connection)
    return dg.RunRequest() if waiting else dg.SkipReason("Everything that comes within a day has been looked at.")
