"""What follows publications, delivered: the outbox's sensor and its job."""

import dagster as dg

from pipeline.autostart import SENSOR_STATUS
from pipeline.resources.database import Database
from pipeline.sensors import under_way


@dg.op(tags={"kind": "deliver"})
def deliver_what_follows(context: dg.OpExecutionContext, database: Database) -> None:
    """Webhooks, search engines, feed hubs and alerts: what is due of the outbox, and due again where it fails."""
    from pipeline.distribution.relay import deliver_due
    from pipeline.followups import handlers
    from pipeline.settings import settings
    from pipeline.store.outbox import of_other_topics

    ours = handlers(settings(), database.engine)
    counts = deliver_due(database.engine, ours, worker=f"dagster run {context.run_id}")
    context.log.info("Deliveries: %s", dict(counts) or "none due")
    with database.engine.connect() as connection:
        for topic, count in of_other_topics(connection, ours.keys()).items():
            context.log.warning("%s wait of the topic %r, which nobody delivers; they are kept", count, topic)


@dg.job(
    description="Deliver what follows publications. Safe to start at any time; `pressroom outbox` lists what waits."
)
def deliver_followups() -> None:
    deliver_what_follows()


@dg.sensor(
    target=deliver_followups,
    minimum_interval_seconds=10,
    default_status=SENSOR_STATUS,
    description="Starts the deliveries when the outbox holds one whose time has come.",
)
def undelivered_followups(context: dg.SensorEvaluationContext, database: Database) -> dg.SkipReason | dg.RunRequest:
    from datetime import timedelta

    from pipeline.followups import handlers
    from pipeline.settings import settings
    from pipeline.store.outbox import next_due
    from pipeline.store.workers import one_alive

    if under_way(context, deliver_followups.name):
        return dg.SkipReason("Deliveries are under way; they take what becomes due until nothing is.")
    with database.engine.connect() as connection:
        worker = one_alive(connection)
        wait = next_due(connection, handlers(settings(), database.engine).keys())
    if worker is not None:
        return dg.SkipReason(f"{worker} is at work and sees to it.")
    if wait is None:
        return dg.SkipReason("Everything is delivered.")
    if wait > timedelta(0):
        return dg.SkipReason(f"The next is tried in {timedelta(seconds=round(wait.total_seconds()))}.")
    return dg.RunRequest()
