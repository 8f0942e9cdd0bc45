"""What the figures teach: each account's hours. Materializing it changes what planning goes by, and moves nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pipeline.assets.metrics import distribution_metrics
from pipeline.resources.database import Database

if TYPE_CHECKING:
    from pipeline.learning.timing.learning import Learned

_PICTURES: Final = 12


@dg.asset(
    deps=[dg.AssetDep(distribution_metrics, partition_mapping=dg.AllPartitionMapping())],
    group_name="learning",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "What each hour of the week is worth to each account, learned from the engagement of the last year's "
        "publications at the same age, and how surely. Planning goes by it from the next plan on; a share of the "
        "versions tries hours by a draw, so that more is learned."
    ),
    metadata={"dagster/table_name": "pressroom.public.platform_patterns"},
)
def posting_times(context: dg.AssetExecutionContext, database: Database) -> dg.MaterializeResult[None]:
    from datetime import UTC, datetime

    from pipeline.learning.timing.hours import EXPLORING
    from pipeline.learning.timing.learning import learn_hours

    learned = learn_hours(database.engine, f"dagster run {context.run_id}", now=datetime.now(UTC), exploring=EXPLORING)
    return dg.MaterializeResult(metadata=metadata_of(learned))


def metadata_of(learned: "Sequence[Learned]") -> dict[str, Any]:
    """For the UI: a table of all accounts, and a heat map of each of the first that have enough data."""
    from pipeline.learning.timing.heatmap import draw

    enough = [each for each in learned if each.week.hours]
    shown = enough[:_PICTURES]
    more = f"\n\n{len(enough) - len(shown)} more: `pressroom timing ACCOUNT`" if len(enough) > len(shown) else ""
    pictures = "\n\n".join(draw(each.account.key, each.account.timezone, each.week).markdown() for each in shown)
    return {
        "dagster/row_count": len(enough),
        "without enough data": len(learned) - len(enough),
        "best hours": dg.MetadataValue.md(_table(learned)),
        "hours": dg.MetadataValue.md(pictures + more) if shown else "nothing learned yet",
    }


def _table(learned: "Sequence[Learned]") -> str:
    from pipeline.learning.timing.heatmap import best, clock_of
    from pipeline.writing.text import escape_markdown

    head = ["| account | publications | best hours (worth, 90 %) | surely better, worse |", "|---|---|---|---|"]
    rows = []
    for each in learned:
        week = each.week
        named = "; ".join(f"{clock_of(hour)} ({hour.low:.2f} to {hour.high:.2f})" for hour in best(week, 3))
        sure = f"{sum(hour.beats_mean is True for hour in week.hours)}, "
        sure += f"{sum(hour.beats_mean is False for hour in week.hours)}"
        rows.append(
            f"| {escape_markdown(each.account.key)} | {week.publications} | {named or 'not enough data'} "
            f"| {sure if week.hours else ''} |"
        )
    return "\n".join([*head, *rows])
