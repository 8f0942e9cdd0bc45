"""What went out. Materializing it reads the ledger again; publishing is the job `publish`, never an asset."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.assets.editorial import distribution_plan
from pipeline.partitions import accounts
from pipeline.resources.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa


@dg.asset(
    deps=[dg.AssetDep(distribution_plan, partition_mapping=dg.AllPartitionMapping())],
    partitions_def=accounts,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="distribution",
    kinds={"postgres"},
    owners=["team:distribution"],
    description=(
        "What the ledger says of each account: published, scheduled, and whatever needs a person (failed, held, "
        "unknown) with the reason. Safe to materialize at any time: nothing is sent."
    ),
    metadata={"dagster/table_name": "pressroom.public.distributions"},
)
def publications(context: dg.AssetExecutionContext, database: Database) -> None:
    for key in context.partition_keys:
        context.add_asset_metadata(publications_metadata(database.engine, key), partition_key=key)


def publications_metadata(engine: "sa.Engine", account_key: str) -> dict[str, Any]:
    """The account's ledger for the UI: a count by status and the latest rows with their links."""
    from pipeline.store.overview import account_ledger

    with engine.connect() as connection:
        ledger = account_ledger(connection, account_key)
    lines = [f"| {row.at:%Y-%m-%d %H:%M} | {row.status} | {row.title} | {row.what} |" for row in ledger.latest]
    table = "\n".join(["| time (UTC) | status | post | link or reason |", "|---|---|---|---|", *lines])
    return {
        "dagster/row_count": sum(ledger.counts.values()),
        **ledger.counts,
        "latest": dg.MetadataValue.md(table),
    }
