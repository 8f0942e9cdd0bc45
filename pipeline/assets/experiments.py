"""What the experiments say. Materializing it looks at each that runs, and ends those that their rule decides."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.assets.metrics import distribution_metrics
from pipeline.resources.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.learning.experiments.running import Settled


@dg.asset(
    deps=[dg.AssetDep(distribution_metrics, partition_mapping=dg.AllPartitionMapping())],
    group_name="learning",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "What each running experiment says so far, with intervals that hold however often somebody looks. One that its "
        "rule decides is ended, and its winner is how versions are written from then on; each of them still waits for "
        "approval."
    ),
    metadata={"dagster/table_name": "pressroom.public.experiment_looks"},
)
def experiment_results(context: dg.AssetExecutionContext, database: Database) -> dg.MaterializeResult[None]:
    from pipeline.learning.experiments.running import settle

    settled = settle(database.engine)
    for each in settled:
        if each.look.verdict is not None:
            context.log.info("%s: %s. %s", each.experiment.name, each.look.verdict, each.look.reason)
    with database.engine.connect() as connection:
        return dg.MaterializeResult(metadata=results_metadata(connection, settled))


def results_metadata(connection: "sa.Connection", settled: "list[Settled]") -> dict[str, Any]:
    """For the UI: a table of all that run or have just ended, and a picture of each."""
    pictures = "\n\n".join(picture_of(connection, each) for each in settled)
    return {
        "dagster/row_count": len(settled),
        "new outcomes": sum(each.new for each in settled),
        "decided": sum(each.look.verdict is not None for each in settled),
        "experiments": dg.MetadataValue.md(_table(settled)) if settled else "none runs",
        "intervals, look by look": dg.MetadataValue.md(pictures) if pictures else "none runs",
    }


def picture_of(connection: "sa.Connection", settled: "Settled") -> str:
    """The experiment's looks as an image in Markdown."""
    from pipeline.learning.experiments.picture import draw, glances, in_words
    from pipeline.store.experiment_units import looks
    from pipeline.writing.picture import Picture

    experiment = settled.experiment
    seen = glances([(look.measured, look.found["arms"]) for look in looks(connection, experiment.id)])
    title = f"{experiment.name}: {experiment.metric} at {experiment.horizon_hours} h on {experiment.account_key}"
    return Picture(draw(title, seen, experiment.margin), f"{title}. {in_words(settled.look)}").markdown()


def _table(settled: "list[Settled]") -> str:
    from pipeline.learning.experiments.picture import against
    from pipeline.writing.text import escape_markdown

    rows = [
        f"| {escape_markdown(each.experiment.name)} | {escape_markdown(each.experiment.account_key)} "
        f"| {each.experiment.metric} at {each.experiment.horizon_hours} h | {escape_markdown(arm.name)} "
        f"| {arm.measured} of {arm.given} | {against(arm.ratio)} | {against(arm.low)} to {against(arm.high)} "
        f"| {escape_markdown(each.look.reason)} |"
        for each in settled
        for arm in each.look.arms
    ]
    head = ["| experiment | account | measured by | arm | posts | against control | interval | |", "|---" * 8 + "|"]
    return "\n".join([*head, *rows])
