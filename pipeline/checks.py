"""What must hold of the data, checked where the data is made.

Checks of posts are partitioned as the posts are: the UI shows each for each post, and a run over several posts leaves
one result a post. Their findings are warnings, an editor's to weigh; only what blocks approval is an error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import dagster as dg

from pipeline.assets.distribution import publications
from pipeline.assets.editorial import article_draft, seo_report
from pipeline.partitions import posts
from pipeline.resources.database import Database

_Findings = Sequence[Mapping[str, Any]]

_BLOCKING: Final = "blocking"
_SEO_GROUPS: Final = {
    "keyphrase": "Where the target keyphrase stands, how often, and whether another post has it.",
    "titles_and_descriptions": "The title and the meta description, as search results show them.",
    "structure": "Length and headings.",
    "links": "Internal and outbound links, links to itself, links that give the keyphrase away.",
    "pictures": "Whether there is a picture, and alternative texts.",
    "readability": "Sentences, paragraphs, passive voice, transition words, by the rules of the post's language.",
}


def _spec(asset: dg.AssetsDefinition, name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=asset, description=description, partitions_def=posts)


_SEO_CHECKS: Final = [
    *(_spec(seo_report, name, description) for name, description in _SEO_GROUPS.items()),
    _spec(seo_report, _BLOCKING, "No finding keeps the post from being approved."),
]
_SOURCE_CHECK: Final = _spec(
    article_draft, "supported_by_its_sources", "Numbers, quotations and names that the sources have; no long copies."
)


@dg.multi_asset_check(specs=_SEO_CHECKS, can_subset=True)
def seo_findings(context: dg.AssetCheckExecutionContext, database: Database) -> Iterator[Any]:
    from pipeline.editorial.seo import group_of
    from pipeline.store.seo_reports import findings_of

    with database.engine.connect() as connection:
        reports = findings_of(connection, _posts_of(context))

    def findings(check: str, post: str) -> _Findings:
        if check == _BLOCKING:
            return [finding for finding in reports[post] if finding["severity"] == "blocking"]
        return [finding for finding in reports[post] if group_of(finding["check"]).replace(" ", "_") == check]

    yield from _results(context, _SEO_CHECKS, list(reports), findings)


@dg.multi_asset_check(specs=[_SOURCE_CHECK], can_subset=True)
def source_findings(context: dg.AssetCheckExecutionContext, database: Database) -> Iterator[Any]:
    from pipeline.editorial.grounding import check_sources

    def findings(_: str, post: str) -> _Findings:
        return [finding.as_row() for finding in check_sources(database.engine, post)]

    yield from _results(context, [_SOURCE_CHECK], _posts_of(context), findings)


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


def _posts_of(context: dg.AssetCheckExecutionContext) -> list[str]:
    return list(context.op_execution_context.partition_keys)


def _results(
    context: dg.AssetCheckExecutionContext,
    specs: Sequence[dg.AssetCheckSpec],
    keys: Sequence[str],
    findings: Callable[[str, str], _Findings],
) -> Iterator[Any]:
    """One evaluation for each of the run's checks and each post; `findings` takes the check's name and the post.

    The checks are of one asset.
    """
    # An AssetCheckResult stands for one partition, that of the run; a run of ours has several. The evaluation that it
    # would become can be given for each, with what it was made of: otherwise the UI takes it for out of date.
    chosen = [spec for spec in specs if spec.key in context.selected_asset_check_keys]
    targets = {post: _materialization(context.instance, specs[0].asset_key, post) for post in keys}
    for spec in chosen:
        for post in keys:
            found = findings(spec.name, post)
            objections = [finding for finding in found if finding["severity"] != "good"]
            blocks = any(finding["severity"] == "blocking" for finding in found)
            yield dg.AssetCheckEvaluation(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=not objections,
                severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
                description=f"{len(objections)} to look at" if objections else "nothing to object to",
                metadata={"findings": dg.MetadataValue.md(_table(objections or found))} if found else {},
                partition=post,
                target_materialization_data=targets[post],
            )
        yield dg.Output(None, output_name=spec.get_python_identifier())


def _materialization(instance: dg.DagsterInstance, asset: dg.AssetKey, post: str) -> Any:
    """The post's latest, in the form of an evaluation's field. Dagster has no public name for that form."""
    from dagster._core.definitions.asset_checks.asset_check_evaluation import (
        AssetCheckEvaluationTargetMaterializationData,
    )

    latest = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[post]), limit=1
    ).records
    if not latest:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=latest[0].storage_id, run_id=latest[0].run_id, timestamp=latest[0].timestamp
    )


def _table(findings: _Findings) -> str:
    from pipeline.writing.text import escape_markdown

    rows = [
        f"| {finding['severity']} | {escape_markdown(finding['message'])} | {escape_markdown(finding['place'])} "
        f"| {escape_markdown(finding['what_to_do'])} |"
        for finding in findings
    ]
    return "\n".join(["| severity | finding | where | what to do |", "|---|---|---|---|", *rows])


ALL = [seo_findings, source_findings, nothing_blocks_approval, nothing_is_overdue]
