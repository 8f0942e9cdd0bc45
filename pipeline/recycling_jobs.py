"""Recycling by the clock: evergreen articles, told again by the verticals' rules, wait for review each morning."""

import dagster as dg

from pipeline.autostart import SCHEDULE_STATUS
from pipeline.resources.database import Database
from pipeline.resources.writer import WriterResource
from pipeline.settings import settings


@dg.op(tags={"kind": "recycle"})
def tell_evergreen_articles_again(context: dg.OpExecutionContext, database: Database, writer: WriterResource) -> None:
    """Writes what the rules allow, and plans a version of each; one that an earlier run left unplanned as well."""
    from pipeline.distribution.plan import PlanError, plan_post
    from pipeline.editorial.recycling_run import run
    from pipeline.store.recycling import unplanned

    report = run(database.engine, writer.open(database.engine))
    with database.engine.connect() as connection:
        waiting = unplanned(connection)
    for canonical_id in waiting:
        try:
            plan_post(database.engine, canonical_id)
        except PlanError as error:
            context.log.warning("%s is a draft without a version: %s", canonical_id, error)
    context.log.info("Wait for review: %s", ", ".join(report.made) or "nothing new")
    for left in report.left:
        context.log.info("%s on %s: %s", left.canonical_id, left.account_key, left.reason)
    for vertical, reason in report.stopped.items():
        context.log.warning("%s was left for the next run: %s", vertical, reason)


@dg.job(
    description="Tell evergreen articles again where the rules of recycling allow it; each telling waits for review. "
    "Safe to start at any time; `pressroom recycle candidates` lists what would be told."
)
def recycle_evergreen() -> None:
    tell_evergreen_articles_again()


recycle_daily = dg.ScheduleDefinition(
    name="recycle_daily",
    job=recycle_evergreen,
    cron_schedule="20 5 * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
