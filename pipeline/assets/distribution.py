"""What went out. Materializing it reads the ledger again; publishing is the job `publish`, never an asset."""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.assets.editorial import distribution_plan
from pipeline.partitions import ACCOUNT, accounts
from pipeline.resources.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.store.overview import LedgerRow


@dg.asset(
    deps=[dg.AssetDep(distribution_plan, partition_mapping=dg.AllPartitionMapping())],
    partitions_def=accounts,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="distribution",
    kinds={"postgres"},
    owners=["team:distribution"],
    description=(
        "What the ledger says of each account: whether it may send, what is published and scheduled, and whatever "
        "needs a person (failed, held, unknown), with the reason and what to do. Safe to materialize at any time: "
        "nothing is sent."
    ),
    metadata={"dagster/table_name": "pressroom.public.distributions"},
)
def publications(context: dg.AssetExecutionContext, database: Database) -> None:
    for key in context.partition_keys:
        context.add_asset_metadata(publications_metadata(database.engine, key), partition_key=key)


def publications_metadata(engine: "sa.Engine", account_key: str) -> dict[str, Any]:
    """The account's ledger for the UI: its state, a count by status, what needs a person, the latest rows."""
    from pipeline.store.health import account_health
    from pipeline.store.overview import account_ledger

    with engine.connect() as connection:
        ledger = account_ledger(connection, account_key)
        (health,) = account_health(connection, account_key)
    state = ": ".join(filter(None, [health.state, health.state_reason or health.limited_by]))
    if health.free_at is not None:
        state += f", until {health.free_at:%Y-%m-%d %H:%M:%S} UTC"
    return {
        "account": state,
        "errors in 24 h": health.errors_24h,
        "needs a person": _list(ledger.attention) if ledger.attention else "nothing",
        "dagster/row_count": sum(ledger.counts.values()),
        **ledger.counts,
        "latest": _list(ledger.latest),
    }


def record_publications(context: dg.OpExecutionContext, engine: "sa.Engine", account_keys: Collection[str]) -> None:
    """Shows in the lineage what the ledger says now of these accounts, as far as they have their partitions."""
    known = set(context.instance.get_dynamic_partitions(ACCOUNT))
    for key in sorted(known.intersection(account_keys)):
        context.log_event(
            dg.AssetMaterialization("publications", partition=key, metadata=publications_metadata(engine, key))
        )


def _list(rows: "Sequence[LedgerRow]") -> dg.MarkdownMetadataValue:
    """A list, because the columns of a table would be a few words wide where the UI shows this."""
    return dg.MetadataValue.md("\n".join(map(_item, rows)))


def _item(row: "LedgerRow") -> str:
    head = f"- **{row.status}** {row.at:%Y-%m-%d %H:%M} UTC, {_plain(row.title)} (`{str(row.id)[:8]}`)"
    what = f"<{row.what}>" if row.what.startswith(("https://", "http://")) else _plain(row.what)
    return "  \n  ".join(filter(None, [head, what, _plain(row.next_step)]))


def _plain(text: str) -> str:
    """As it is written, whatever Markdown would make of it."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))
