"""What must hold of the data, checked where the data is made."""

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.assets.editorial import seo_report
from pipeline.partitions import posts
from pipeline.resources.database import Database


@dg.asset_check(
    asset=seo_report,
    partitions_def=posts,
    description="No finding blocks the post's approval.",
)
def nothing_blocks_approval(context: dg.AssetCheckExecutionContext, database: Database) -> dg.AssetCheckResult:
    from pipeline.store.review_queue import blocked

    keys = list(context.partition_keys) if context.has_partition_key or context.has_partition_key_range else []
    with database.engine.connect() as connection:
        held_up = blocked(connection, keys)
    return dg.AssetCheckResult(passed=not held_up, metadata={"blocked": dg.MetadataValue.json(held_up)})


@dg.asset_check(
    asset=publications,
    description="Nothing that was due more than a quarter of an hour ago still waits without a reason one can see.",
)
def nothing_is_overdue(database: Database) -> dg.AssetCheckResult:
    from pipeline.store.overview import overdue

    with database.engine.connect() as connection:
        late = overdue(connection)
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"overdue": dg.MetadataValue.json([f"{row.account_key}: {row.title}" for row in late])},
    )


ALL = [nothing_blocks_approval, nothing_is_overdue]
