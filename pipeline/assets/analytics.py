"""Who read the articles on their pages, day by day."""

from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.measurement.site_analytics.sync import SyncReport

_DAYS: Final = 56
_LISTED: Final = 20


@dg.asset(
    deps=[dg.AssetDep(publications, partition_mapping=dg.AllPartitionMapping())],
    group_name="measurement",
    kinds={"postgres"},
    owners=["team:growth"],
    description=(
        "Views, visitors, time, bounces and scroll depth of every article's page by day, from Plausible, Google "
        "Analytics 4, Matomo or our own count, whichever counts the site. The last days are read again, for they are "
        "restated; what was corrected is kept. What is not told is empty, never zero."
    ),
    metadata={"dagster/table_name": "pressroom.public.publisher_post_analytics"},
)
def site_analytics(
    context: dg.AssetExecutionContext, database: Database, platforms: Platforms
) -> dg.MaterializeResult[None]:
    from datetime import UTC, datetime

    from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, resolve
    from pipeline.measurement.site_analytics.registry import source_factory
    from pipeline.measurement.site_analytics.sync import sync
    from pipeline.settings import settings

    keepers = platforms.keepers
    open_source = source_factory(
        database.engine, lambda reference: resolve(reference, keepers), timeout_seconds=settings().call_timeout_seconds
    )
    reports = sync(
        database.engine, open_source, now=datetime.now(UTC), unusable=(CredentialsError, CredentialsAwayError)
    )
    with database.engine.connect() as connection:
        metadata = _metadata(connection, reports)
    for report in reports:
        for refused in report.refused:
            context.log.warning("%s: %s", report.source_key, refused)
    failed = [f"{report.source_key}: {report.error}" for report in reports if report.error]
    if failed:
        # What the others told is stored, and shown on the next run that has them all.
        raise dg.Failure(
            f"{len(failed)} of {len(reports)} sources could not be read: {'; '.join(failed)}", metadata=metadata
        )
    return dg.MaterializeResult(metadata=metadata)


def _metadata(connection: "sa.Connection", reports: "list[SyncReport]") -> dict[str, Any]:
    from datetime import UTC, datetime, timedelta

    from pipeline.measurement.site_analytics.picture import views_by_day
    from pipeline.store import post_readers

    since = datetime.now(UTC).date() - timedelta(days=_DAYS)
    picture = views_by_day(
        ((row.vertical, row.date, row.views) for row in post_readers.daily_views(connection, since)), _DAYS
    )
    shown = {"readers": dg.MetadataValue.md(picture.markdown())} if picture else {}
    return {
        "dagster/row_count": sum(report.changed for report in reports),
        "pages asked for": sum(report.pages for report in reports),
        "page-days not kept": sum(len(report.refused) for report in reports),
        **shown,
        "most read": dg.MetadataValue.md(_table(post_readers.most_read(connection, since, _LISTED))),
        "sources": dg.MetadataValue.md("\n".join(map(_told, reports)) or "none; `pressroom analytics add`"),
    }


def _told(report: "SyncReport") -> str:
    from pipeline.writing.text import escape_markdown

    if report.error:
        return f"- {report.source_key}: {escape_markdown(report.error)}"
    return (
        f"- {report.source_key}: {report.first} to {report.last}, {report.pages} pages, {report.told} page-days with "
        f"readers, {report.changed} new or corrected"
    )


def _table(rows: "list[sa.Row[Any]]") -> str:
    from pipeline.writing.text import escape_markdown

    lines = [
        f"| {row.canonical_id} | {escape_markdown(row.title)} | {escape_markdown(row.vertical)} | {row.views:,} "
        f"| {'' if row.engagement_score is None else f'{row.engagement_score:.0%}'} |"
        for row in rows
    ]
    head = ["| post | title | vertical | views | engagement score |", "|---|---|---|---:|---:|"]
    return "\n".join([*head, *lines])
