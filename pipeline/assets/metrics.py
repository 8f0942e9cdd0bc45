"""What the publications did: snapshots from the platforms, and the reports made of them."""

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.partitions import accounts
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms


@dg.asset(
    deps=[publications],
    partitions_def=accounts,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="measurement",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "A snapshot an hour at most of each publication's figures, less often as it ages. A figure that a platform "
        "does not tell is empty, never zero."
    ),
    metadata={"dagster/table_name": "pressroom.public.distribution_metrics"},
)
def distribution_metrics(context: dg.AssetExecutionContext, database: Database, platforms: Platforms) -> None:
    from pipeline.distribution.accounts import AccountUnusableError
    from pipeline.measurement.metrics import sync_account
    from pipeline.platforms.base import PlatformUnavailableError
    from pipeline.store import accounts as account_rows

    failed: dict[str, str] = {}
    for key in context.partition_keys:
        with database.engine.connect() as connection:
            account = account_rows.get(connection, key)
        try:
            report = sync_account(database.engine, account, platforms.adapters(account))
        except (PlatformUnavailableError, AccountUnusableError) as error:
            failed[key] = str(error)
            continue
        metadata = {"dagster/row_count": report.stored, "gone": report.gone, "without_an_answer": report.unanswered}
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    if failed:
        reasons = "; ".join(f"{key}: {reason}" for key, reason in failed.items())
        raise dg.Failure(f"{len(failed)} of {len(context.partition_keys)} accounts could not be asked: {reasons}")


@dg.asset(
    deps=[distribution_metrics],
    group_name="measurement",
    kinds={"postgres"},
    owners=["team:growth"],
    description="The named reports of `sql/queries`, as tables: performance by platform, best times, what failed.",
)
def performance_report(database: Database) -> dg.MaterializeResult[None]:
    from pipeline.store.reports import report_names, run_report

    with database.engine.connect() as connection:
        reports = {name: run_report(connection, name) for name in report_names()}
    return dg.MaterializeResult(
        metadata={name: dg.MetadataValue.md(report.as_markdown()) for name, report in reports.items()}
    )
