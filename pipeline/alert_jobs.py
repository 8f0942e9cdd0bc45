"""The daily digest, by the clock. Alerts need no job: what raises them puts them into the outbox."""

import dagster as dg

from pipeline.autostart import SCHEDULE_STATUS
from pipeline.resources.database import Database
from pipeline.settings import settings


@dg.op
def put_digest_into_outbox(database: Database) -> None:
    """Writes today's digest for each channel; one that was written today already stays as it is."""
    from pipeline.alerting import digest
    from pipeline.store.database import transaction

    with transaction(database.engine, "daily digest") as connection:
        digest.put(connection, settings())


@dg.job(description="Send today's digest, unless it was sent. Safe to start at any time.")
def daily_digest() -> None:
    put_digest_into_outbox()


digest_daily = dg.ScheduleDefinition(
    name="digest_daily",
    job=daily_digest,
    cron_schedule=f"0 {settings().digest_hour} * * *",
    execution_timezone=settings().timezone,
    default_status=SCHEDULE_STATUS,
)
