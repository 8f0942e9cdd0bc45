"""Native scheduling, where an account wants it: its sensor and its job."""

import dagster as dg

from pipeline.autostart import SENSOR_STATUS
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms
from pipeline.sensors import under_way


@dg.op(tags={"kind": "publish"})
def tend_handovers(context: dg.OpExecutionContext, database: Database, platforms: Platforms) -> None:
    """Hands to the platforms what they are to publish by themselves, asks what became of it, takes back what moved."""
    from pipeline.distribution.handover import tend

    counts = tend(database.engine, platforms.adapters, platforms.config, worker=f"dagster run {context.run_id}")
    context.log.info("Native scheduling: %s", dict(counts) or "nothing to do")


@dg.job(
    description="Hand over to the platforms, follow up and take back, for the accounts that want it (`pressroom "
    "accounts hand-over`). Safe to start at any time."
)
def hand_over() -> None:
    tend_handovers()


@dg.sensor(
    target=hand_over,
    minimum_interval_seconds=5,
    default_status=SENSOR_STATUS,
    description="Starts it when something is near enough to its time, should be live by now, or is to be taken back.",
)
def handed_over(
    context: dg.SensorEvaluationContext, database: Database, platforms: Platforms
) -> dg.SkipReason | dg.RunRequest:
    from pipeline.store.handovers import something_to_do
    from pipeline.store.workers import one_alive

    if under_way(context, hand_over.name):
        return dg.SkipReason("It is under way.")
    with database.engine.connect() as connection:
        worker = one_alive(connection)
        to_do = something_to_do(connection, at_least=platforms.config.hand_over_at_least)
    if worker is not None:
        return dg.SkipReason(f"{worker} is at work and sees to it.")
    return dg.RunRequest() if to_do else dg.SkipReason("What the platforms hold is what is asked for.")
