"""The named reports of `sql/queries`, an asset each: as a table and, where the query says how, as a picture."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pipeline.resources.database import Database
from pipeline.store.reports import about, report_names

if TYPE_CHECKING:
    from pipeline.store.reports import Report

PREFIX: Final = "report"
_LISTED: Final = 100


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey([PREFIX, name])


def _spec(name: str) -> dg.AssetSpec:
    header = about(name)
    return dg.AssetSpec(
        key(name),
        deps=[
            dg.AssetDep(dg.AssetKey(upstream), partition_mapping=dg.AllPartitionMapping()) for upstream in header.reads
        ],
        description=header.description,
        group_name="reports",
        kinds={"postgres"},
        owners=["team:growth"],
        metadata={"query": dg.MetadataValue.path(f"sql/queries/{name}.sql")},
    )


@dg.multi_asset(specs=[_spec(name) for name in report_names()], can_subset=True, name="reports")
def reports(context: dg.AssetExecutionContext, database: Database) -> Iterator[dg.MaterializeResult[None]]:
    import sqlalchemy as sa

    from pipeline.store.reports import run_report

    failed: dict[str, str] = {}
    for asset_key in sorted(context.selected_asset_keys):
        name = asset_key.path[-1]
        try:
            with database.engine.connect() as connection:
                made = run_report(connection, name)
        except sa.exc.SQLAlchemyError as error:
            failed[name] = str(getattr(error, "orig", None) or error)
            continue
        yield dg.MaterializeResult(asset_key=asset_key, metadata=report_metadata(made))
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise dg.Failure(f"{len(failed)} of {len(context.selected_asset_keys)} reports could not be made: {reasons}")


def report_metadata(report: "Report") -> dict[str, Any]:
    """The report for the UI: how many rows, what it was set to, the picture, the table."""
    from dataclasses import replace

    from pipeline.measurement.pictures import picture_of
    from pipeline.measurement.report_forms import as_markdown

    picture = picture_of(report)
    more = len(report.rows) - _LISTED
    table = as_markdown(replace(report, rows=report.rows[:_LISTED]))
    if more > 0:
        table += f"\n\n… and {more:,} more rows: `pressroom report {report.name}`"
    shown: dict[str, Any] = {
        "dagster/row_count": len(report.rows),
        "set to": ", ".join(f"{name} = {value}" for name, value in report.parameters.items()) or "nothing can be set",
        "table": dg.MetadataValue.md(table),
    }
    return shown | ({"picture": dg.MetadataValue.md(picture.markdown())} if picture else {})


def keys(*, hourly: bool) -> list[dg.AssetKey]:
    """The reports that are made hourly, or those that are made daily."""
    return [key(name) for name in report_names() if about(name).is_hourly is hourly]
