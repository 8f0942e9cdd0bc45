"""The coming days as planning would have them. Materializing it makes a plan and moves nothing."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pipeline.assets.editorial import distribution_plan
from pipeline.assets.learning import posting_times
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

if TYPE_CHECKING:
    from pipeline.scheduling.proposal import Entry, Plan

_LISTED: Final = 200


@dg.asset(
    deps=[dg.AssetDep(distribution_plan, partition_mapping=dg.AllPartitionMapping()), posting_times],
    group_name="distribution",
    kinds={"postgres"},
    owners=["team:distribution"],
    description=(
        "What goes out in the next 14 days, when and why then, and where planning would rather have it: as a picture "
        "of the calendar and as a table, with what is in the way, what the limits leave, and the days that are empty. "
        "Nothing moves until the job `apply_plan`, or `pressroom plan apply`."
    ),
    metadata={"dagster/table_name": "pressroom.public.schedule_plans"},
)
def publishing_plan(
    context: dg.AssetExecutionContext, database: Database, platforms: Platforms
) -> dg.MaterializeResult[None]:
    from datetime import UTC, datetime

    from pipeline.distribution.endings import endings
    from pipeline.scheduling.planning import plan

    made = plan(
        database.engine,
        f"dagster run {context.run_id}",
        now=datetime.now(UTC),
        endings=endings(database.engine, platforms.keepers),
    )
    return dg.MaterializeResult(metadata=plan_metadata(made))


def plan_metadata(plan: "Plan") -> dict[str, Any]:
    """The plan for the UI: its number, the picture, the table, and what a person should know of it."""
    from pipeline.scheduling.plan_picture import picture_of

    shown = [entry for entry in plan.entries if entry.at < plan.shown_until]
    return {
        "plan": plan.id,
        "dagster/row_count": len(shown),
        "would move": len(plan.moves),
        "calendar": dg.MetadataValue.md(picture_of(plan).markdown()),
        "what goes out": dg.MetadataValue.md(_table(shown)),
        "in the way": _list(f"{_plain(each.account_key)}: {_plain(each.message)}" for each in plan.conflicts),
        "limits, at the fullest": _list(
            f"{_plain(each.account_key)}: {each.left} of {each.most} left ({_plain(each.window)})"
            for each in plan.allowances
        ),
        "days without anything": _list(
            f"{_plain(each.account_key)}: {each.first} to {each.last}, {each.free} free slots" for each in plan.gaps
        ),
        "clocks change": _list(f"{_plain(each.timezone)}: {each.local:%Y-%m-%d %H:%M}" for each in plan.clock_changes),
        "credentials": _list(
            f"{_plain(each.account_key)}: {_plain(each.reason)}" + (f" {each.at:%Y-%m-%d %H:%M} UTC" if each.at else "")
            for each in plan.credentials
        ),
        "worth": round(plan.value, 3),
        "worth, placed one after another": round(plan.greedy_value, 3),
    }


def _table(entries: "Sequence[Entry]") -> str:
    rows = [
        f"| {_local(entry)} | {entry.at:%Y-%m-%d %H:%M} | {_plain(entry.account_key)} | {_plain(entry.title)} "
        f"| {_from(entry)} | {_plain('; '.join(entry.why))} |"
        for entry in entries[:_LISTED]
    ]
    head = ["| local | UTC | account | post | now at (UTC) | why then |", "|---|---|---|---|---|---|"]
    more = [f"\n… and {len(entries) - _LISTED} more: `pressroom plan`"] if len(entries) > _LISTED else []
    return "\n".join([*head, *rows, *more])


def _local(entry: "Entry") -> str:
    from pipeline import clock

    return f"{clock.local(entry.at, entry.timezone):%a %Y-%m-%d %H:%M} {entry.timezone}"


def _from(entry: "Entry") -> str:
    return f"{entry.moved_from:%Y-%m-%d %H:%M}" if entry.moved_from else ""


def _list(lines: Iterable[str]) -> dg.MarkdownMetadataValue | str:
    listed = "\n".join(f"- {line}" for line in lines)
    return dg.MetadataValue.md(listed) if listed else "nothing"


def _plain(text: str) -> str:
    """As it is written, whatever Markdown would make of it, and on one line."""
    from pipeline.writing.text import escape_markdown

    return escape_markdown(text)
