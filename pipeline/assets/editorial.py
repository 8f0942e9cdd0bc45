"""From scraped sources to posts in the review queue. Each asset loads, makes one call of the domain, and reports."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.assets.batch import each_partition
from pipeline.partitions import posts
from pipeline.resources.database import Database
from pipeline.resources.writer import WriterResource

if TYPE_CHECKING:
    from pipeline.editorial.grounding import Statement

_OWNERS = ["team:editorial"]
_BATCH = dg.BackfillPolicy.single_run()


@dg.asset(
    group_name="sources",
    kinds={"postgres", "rss"},
    owners=["team:data"],
    description=(
        "Everything taken in from the feeds and files of `content_sources`: new items are added, figures of known "
        "ones are brought up to date, bad rows are counted and kept with their line."
    ),
    metadata={"dagster/table_name": "pressroom.public.raw_content"},
)
def source_content(context: dg.AssetExecutionContext, database: Database) -> dg.MaterializeResult[None]:
    from pipeline.editorial.sources import sync_sources
    from pipeline.settings import settings

    reports = sync_sources(database.engine, allow_private=settings().allow_private_sources)
    for report in reports:
        if report.error:
            context.log.error("%s: %s", report.source, report.error)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(report.rows_read for report in reports),
            "new": sum(report.rows_new for report in reports),
            "bad": sum(report.rows_bad for report in reports),
            "sources": dg.MetadataValue.md(_sources_table(reports)),
        }
    )


@dg.asset(
    deps=[source_content],
    group_name="sources",
    kinds={"postgres", "ai"},
    owners=_OWNERS,
    description=(
        "What each item is about: topics, facts (each with the sentence it comes from), entities, language, and how "
        "strong its hook is, 0 to 100. Strong items that readers liked become posts."
    ),
    metadata={"dagster/table_name": "pressroom.public.content_analysis"},
)
def content_analysis(
    context: dg.AssetExecutionContext, database: Database, writer: WriterResource
) -> dg.MaterializeResult[None]:
    from pipeline.editorial.analysis import analyse_new

    report = analyse_new(database.engine, writer.open(database.engine))
    for failure in report.failures:
        context.log.error("%s", failure)
    stopped = {"stopped": report.stopped} if report.stopped else {}
    return dg.MaterializeResult(
        metadata={
            "analysed": report.analysed,
            "grouped into stories": report.grouped,
            "failed": len(report.failures),
            **stopped,
        }
    )


@dg.asset(
    deps=[content_analysis],
    partitions_def=posts,
    backfill_policy=_BATCH,
    group_name="editorial",
    kinds={"ai"},
    owners=_OWNERS,
    description=(
        "The plan of one article: topic, target keyword, sections with their word counts, tone. Kept in "
        "`content_analysis.extracted_facts`; a rerun finds it there and pays nothing."
    ),
)
def content_brief(context: dg.AssetExecutionContext, database: Database, writer: WriterResource) -> None:
    from pipeline.editorial.brief import write_brief

    model = writer.open(database.engine)

    def work(canonical_id: str) -> Mapping[str, Any]:
        with _failure_kept(database, canonical_id):
            brief = write_brief(database.engine, model, canonical_id)
        return {
            "topic": brief.topic,
            "target_keyword": brief.target_keyword,
            "target_word_count": brief.target_word_count,
            "brief": dg.MetadataValue.json(brief.model_dump()),
            **_cost(database, canonical_id),
        }

    each_partition(context, work)


@dg.asset(
    deps=[content_brief],
    partitions_def=posts,
    backfill_policy=_BATCH,
    group_name="editorial",
    kinds={"ai", "markdown"},
    owners=_OWNERS,
    description="The article, written from the brief and the source's facts, with its links: a post with status draft.",
    metadata={"dagster/table_name": "pressroom.public.publisher_posts"},
)
def article_draft(context: dg.AssetExecutionContext, database: Database, writer: WriterResource) -> None:
    from pipeline.editorial.draft import write_draft
    from pipeline.editorial.grounding import sources_of
    from pipeline.store.review_queue import article
    from pipeline.store.templates import wrote

    model = writer.open(database.engine)

    def work(canonical_id: str) -> Mapping[str, Any]:
        with _failure_kept(database, canonical_id):
            write_draft(database.engine, model, canonical_id)
        with database.engine.connect() as connection:
            post, template = article(connection, canonical_id), wrote(connection, canonical_id)
        assert post is not None
        return {
            "title": post.title,
            "slug": post.slug,
            "written by": template or "the offline writer",
            **_cost(database, canonical_id),
            "article": dg.MetadataValue.md(post.content),
            "what its sentences rest on": dg.MetadataValue.md(_sources(sources_of(database.engine, canonical_id))),
        }

    each_partition(context, work)


@dg.asset(
    deps=[article_draft],
    partitions_def=posts,
    backfill_policy=_BATCH,
    group_name="editorial",
    kinds={"seo"},
    owners=_OWNERS,
    description=(
        "What search engines and readers would object to. The findings, with where and what to do, are this asset's "
        "checks; blocking ones block approval."
    ),
    metadata={"dagster/table_name": "pressroom.public.seo_reports"},
)
def seo_report(context: dg.AssetExecutionContext, database: Database) -> None:
    from pipeline.editorial.seo import check_post

    def work(canonical_id: str) -> Mapping[str, Any]:
        with _failure_kept(database, canonical_id):
            report = check_post(database.engine, canonical_id)
        objections = sum(finding.severity != "good" for finding in report.findings)
        return {"score": report.score, "to look at": objections, "blocking": len(report.blocking)}

    each_partition(context, work)


@dg.asset(
    deps=[seo_report],
    partitions_def=posts,
    backfill_policy=_BATCH,
    group_name="editorial",
    kinds={"postgres"},
    owners=_OWNERS,
    description=(
        "The post as each account would publish it: adapted, fitted to the platform's limits, hashed. "
        "The post then waits in the review queue; an approval binds exactly these versions."
    ),
    metadata={"dagster/table_name": "pressroom.public.distributions"},
)
def distribution_plan(context: dg.AssetExecutionContext, database: Database) -> None:
    from pipeline.distribution.plan import plan_post
    from pipeline.text.rendering import readable

    def work(canonical_id: str) -> Mapping[str, Any]:
        with _failure_kept(database, canonical_id):
            plan = plan_post(database.engine, canonical_id)
        lines = [
            f"| {v.account_key} | {v.status} | {_cell(readable(v.text))} | {v.hold_reason or ''} |"
            for v in plan.versions
        ]
        lines += [f"| {key} | left out | | {_cell(reason)} |" for key, reason in plan.left_out.items()]
        table = "\n".join(["| account | status | text | note |", "|---|---|---|---|", *lines])
        return {
            "dagster/row_count": len(plan.versions),
            **_cost(database, canonical_id),
            "versions": dg.MetadataValue.md(table),
        }

    each_partition(context, work)


def _cost(database: Database, canonical_id: str) -> Mapping[str, Any]:
    """What the model's calls for the post have cost so far. No calls is no cost; an unknown cost is not shown as 0."""
    from pipeline.store.ai_costs import cost_of

    with database.engine.connect() as connection:
        cost = cost_of(connection, [canonical_id]).get(canonical_id)
    if cost is None:
        return {"cost (US$)": 0.0, "calls to a model": 0}
    known = {"cost (US$)": float(cost.cost_usd)} if cost.cost_usd is not None else {}
    unpriced = {"calls of unknown price": cost.unpriced} if cost.unpriced else {}
    failed = {"failed calls": cost.failed} if cost.failed else {}
    return {**known, "calls to a model": cost.calls, **unpriced, **failed}


def _sources(statements: "Sequence[Statement]") -> str:
    rows = [
        f"| {_cell(statement.sentence)} | {' '.join(_cell(fact.sentence) for fact in statement.rests_on) or '—'} |"
        for statement in statements
    ]
    return "\n".join(["| sentence | source |", "|---|---|", *rows])


def _cell(text: str) -> str:
    """The beginning of a text, fit for a cell of a Markdown table."""
    return " ".join(text[:200].split()).replace("|", "\\|").replace("<", "&lt;")


def _sources_table(reports: list[Any]) -> str:
    rows = [
        f"| {r.source} | {r.rows_read} | {r.rows_new} | {r.rows_changed} | {r.rows_bad} | {r.error or ''} |"
        for r in reports
    ]
    return "\n".join(["| source | read | new | changed | bad | error |", "|---|---|---|---|---|---|", *rows])


@contextmanager
def _failure_kept(database: Database, canonical_id: str) -> Iterator[None]:
    """Writes a failure onto the story, so that it is tried again when that can help, and shown with its reason."""
    try:
        yield
    except Exception as error:
        from pipeline.editorial.failure import keep_failure

        keep_failure(database.engine, canonical_id, error)
        raise
