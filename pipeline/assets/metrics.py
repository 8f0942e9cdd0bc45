"""What the publications did: snapshots from the platforms."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.partitions import accounts
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

if TYPE_CHECKING:
    from pipeline.measurement.metrics.sync import SyncReport


@dg.asset(
    deps=[publications],
    partitions_def=accounts,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="measurement",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "A snapshot an hour at most of each publication's figures, less often as it ages, and once a day the count of "
        "followers. A figure that a platform does not tell is empty, never zero. What an account's budget or its "
        "platform's limit leaves unasked stays due."
    ),
    metadata={"dagster/table_name": "pressroom.public.distribution_metrics"},
)
def distribution_metrics(context: dg.AssetExecutionContext, database: Database, platforms: Platforms) -> None:
    from pipeline.distribution.accounts import AccountUnusableError
    from pipeline.measurement.metrics.sync import CannotOpenError, sync_accounts
    from pipeline.platforms.base import Adapter
    from pipeline.store import accounts as account_rows

    adapters = platforms.adapters

    def open_adapter(account: account_rows.AccountRow) -> Adapter:
        try:
            return adapters(account)
        except AccountUnusableError as error:
            raise CannotOpenError(str(error)) from error

    with database.engine.connect() as connection:
        rows = [account_rows.get(connection, key) for key in context.partition_keys]
    failed: dict[str, str] = {}
    done: dict[str, Mapping[str, Any]] = {}
    for account, report in sync_accounts(database.engine, rows, open_adapter):
        if report.error is None:
            done[account.account_key] = _metadata(report)
        else:
            kept = f" ({report.stored} were stored before, {report.left} are due still)" if report.stored else ""
            failed[account.account_key] = report.error + kept
    if not failed:
        for key, metadata in done.items():
            context.add_asset_metadata(metadata, partition_key=key)
        return
    for key, metadata in done.items():  # so that exactly those that failed are red
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    reasons = "; ".join(f"{key}: {reason}" for key, reason in failed.items())
    raise dg.Failure(f"{len(failed)} of {len(rows)} accounts could not be asked in full: {reasons}")


def _metadata(report: "SyncReport") -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": report.stored,
        "gone": report.gone,
        "without_an_answer": report.unanswered,
        "still_due": report.left,
        "beyond_the_budget": report.over_budget,
        "questions": report.calls,
        "list_price_usd": float(report.usd),
    }
    if report.rests_until is not None:
        metadata["asked_again_from"] = dg.MetadataValue.timestamp(report.rests_until)
    return metadata
