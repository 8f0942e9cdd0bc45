"""What must hold of the data, checked where the data is made."""

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.assets.editorial import seo_report
from pipeline.resources.database import Database


@dg.asset_check(
    asset=seo_report,
    description="No finding keeps a post of the review queue from being approved.",
)
def nothing_blocks_approval(database: Database) -> dg.AssetCheckResult:
    from pipeline.store.review_queue import in_review

    with database.engine.connect() as connection:
        blocked = [post.canonical_id for post in in_review(connection) if post.blocked]
    return dg.AssetCheckResult(
        passed=not blocked,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"blocked": dg.MetadataValue.json(blocked)},
    )


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
