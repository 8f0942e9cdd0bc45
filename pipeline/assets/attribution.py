"""Which channels conversions are owed to, and what publications cost. Materializing it twice changes nothing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.resources.database import Database

if TYPE_CHECKING:
    from pipeline.store.profit import Earned


@dg.asset(
    deps=[
        dg.AssetDep("distribution_metrics", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("site_analytics"),
    ],
    group_name="measurement",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "What led to each conversion, by six models that each share it out exactly once: first and last touch, linear, "
        "time decay, position and Shapley. Only what is new or has changed is worked out. Publications are booked at "
        "what they cost, for the profit of articles, channels and verticals. One post, from its source to its profit: "
        "`pressroom attribution trace POST`."
    ),
    metadata={"dagster/table_name": "pressroom.public.attribution_credits"},
)
def attribution(context: dg.AssetExecutionContext, database: Database) -> dg.MaterializeResult[None]:
    from datetime import UTC, datetime, timedelta

    from pipeline.measurement.attribution.booking import book_costs
    from pipeline.measurement.attribution.crediting import credit
    from pipeline.measurement.attribution.picture import picture_of
    from pipeline.settings import settings
    from pipeline.store.profit import channels

    report = credit(
        database.engine,
        look_back=timedelta(days=settings().attribution_look_back_days),
        half_life=timedelta(days=settings().attribution_half_life_days),
    )
    booked = book_costs(database.engine)
    since = (datetime.now(UTC) - timedelta(days=62)).date().replace(day=1)
    with database.engine.connect() as connection:
        credited = channels(connection, since)
    if report.began_anew:
        context.log.info("The settings had changed: everything was worked out anew.")
    picture = picture_of(credited, f"{since:%Y-%m-%d}")
    shown: dict[str, Any] = {
        "dagster/row_count": report.touches,
        "conversions credited": report.conversions,
        "months added up": report.months,
        "largest standard error of a share": round(report.error, 4),
        "publications booked": booked,
        "dollars since": f"{since:%Y-%m-%d}",
        "channels": dg.MetadataValue.md(_table(credited)),
    }
    return dg.MaterializeResult(
        metadata=shown | ({"picture": dg.MetadataValue.md(picture.markdown())} if picture else {})
    )


def _table(channels: "Mapping[str, Sequence[Earned]]") -> str:
    """Dollars by channel and model; nothing where no sum is known."""
    from pipeline.measurement.attribution.models import MODELS
    from pipeline.writing.text import escape_markdown

    by_channel: dict[str, dict[str, Earned]] = {}
    for model, credited in channels.items():
        for each in credited:
            by_channel.setdefault(each.channel, {})[model] = each
    if not by_channel:
        return "*No conversion yet.*"
    lines = [
        f"| {escape_markdown(channel)} | {float(by_model['linear'].conversions):,.1f} | "
        + " | ".join(_dollars(by_model.get(model)) for model in MODELS)
        + " |"
        for channel, by_model in sorted(by_channel.items())
    ]
    head = f"| channel | conversions (linear) | {' | '.join(model.replace('_', ' ') for model in MODELS)} |"
    return "\n".join([head, f"|---|---:|{'---:|' * len(MODELS)}", *lines])


def _dollars(earned: "Earned | None") -> str:
    if earned is None:
        return "$0.00"
    if earned.usd is None:
        return "" if earned.unvalued else "$0.00"
    return f"${float(earned.usd):,.2f}"
