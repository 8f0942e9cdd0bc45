"""What schedules, sensors and people start. Publishing is a job of ops: materializing an asset never posts."""

import dagster as dg

from pipeline.assets.distribution import record_publications
from pipeline.partitions import accounts, posts
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

take_in = dg.define_asset_job(
    "take_in",
    selection=dg.AssetSelection.assets("source_content", "content_analysis"),
    description="Read the sources and analyse what is new.",
)
analyse = dg.define_asset_job(
    "analyse",
    selection=dg.AssetSelection.assets("content_analysis"),
    description="Analyse what was taken in by hand (pressroom ingest).",
)
write_posts = dg.define_asset_job(
    "write_posts",
    selection=dg.AssetSelection.assets("content_brief", "article_draft", "seo_report", "distribution_plan"),
    partitions_def=posts,
    description="From a chosen source to a post in the review queue.",
)
sync_metrics = dg.define_asset_job(
    "sync_metrics",
    selection=dg.AssetSelection.assets("distribution_metrics"),
    partitions_def=accounts,
    description="Take a snapshot of the figures that are due, account by account.",
)
plan = dg.define_asset_job(
    "plan",
    selection=dg.AssetSelection.assets("publishing_plan"),
    description="What goes out in the coming days, and where planning would rather have it. Moves nothing.",
)


@dg.op(tags={"kind": "publish"})
def publish_due_distributions(context: dg.OpExecutionContext, database: Database, platforms: Platforms) -> None:
    """Sends what is due, and each on its second what becomes due within the look-ahead; ends when nothing is."""
    from pipeline.distribution.publish import publish_due

    report = publish_due(
        database.engine,
        platforms.adapters,
        platforms.config,
        worker=f"dagster run {context.run_id}",
    )
    for (account, outcome), count in sorted(report.counts.items()):
        context.log.info("%s: %s %s", account, count, outcome)
    record_publications(context, database.engine, {account for account, _ in report.counts})


@dg.op(tags={"kind": "publish"})
def resolve_unknown_outcomes(context: dg.OpExecutionContext, database: Database, platforms: Platforms) -> None:
    """Asks the platforms what became of the attempts whose outcome is unknown; sends nothing."""
    from pipeline.distribution.reconcile import reconcile

    counts = reconcile(database.engine, platforms.adapters, platforms.config, worker=f"dagster run {context.run_id}")
    context.log.info("Unknown outcomes: %s", dict(counts) or "none due")


@dg.op
def tend_tables(context: dg.OpExecutionContext, database: Database) -> None:
    """Makes the coming months' partitions, rolls up and drops old snapshots, and forgets what is not needed longer."""
    from datetime import UTC, datetime, timedelta

    from pipeline.measurement import retention
    from pipeline.settings import settings
    from pipeline.store import page_views, visitors
    from pipeline.store.database import transaction
    from pipeline.store.outbox import prune
    from pipeline.store.sources import prune_errors

    now = datetime.now(UTC)
    context.log.info("%s", retention.tend(database.engine, keep=timedelta(days=settings().metrics_keep_days), now=now))
    with transaction(database.engine, "maintenance") as connection:
        made, dropped = page_views.tend(connection, now)
        salts, bad_rows = visitors.forget_salts(connection), prune_errors(connection)
        deliveries = prune(connection)
    context.log.info(
        "Months of page views: %s made, %s dropped; forgotten: %s salts, %s bad rows, %s deliveries",
        made,
        dropped,
        salts,
        bad_rows,
        deliveries,
    )


@dg.op
def make_slots(context: dg.OpExecutionContext, database: Database) -> None:
    """Makes the rules of the accounts into slots, for the accounts whose calendar has run short or has changed."""
    from datetime import UTC, datetime

    from pipeline.scheduling.materialise import keep_up

    context.log.info("%s calendars brought up to date", keep_up(database.engine, now=datetime.now(UTC)))


@dg.op
def keep_accounts_connected(context: dg.OpExecutionContext, database: Database, platforms: Platforms) -> None:
    """Opens each active account once, which renews tokens that end soon: those of accounts that rarely publish too."""
    from pipeline.distribution.accounts import open_all

    unusable = open_all(database.engine, platforms.adapters)
    for account, reason in unusable.items():
        context.log.warning("%s: %s", account, reason)


@dg.job(description="Publish what is due. Started by the sensor `due_distributions`; safe to start at any time.")
def publish() -> None:
    publish_due_distributions()


@dg.job(description="Ask the platforms about publications whose outcome is unknown. Safe to start at any time.")
def reconcile() -> None:
    resolve_unknown_outcomes()


@dg.job(description="Keep the accounts' calendars filled for the weeks ahead. Safe to start at any time.")
def keep_calendar() -> None:
    make_slots()


@dg.job(description="Nightly upkeep of the database and of the accounts' tokens.")
def maintenance() -> None:
    tend_tables()
    keep_accounts_connected()


ASSET_JOBS = [take_in, analyse, write_posts, sync_metrics, plan]
OP_JOBS = [publish, reconcile, keep_calendar, maintenance]
