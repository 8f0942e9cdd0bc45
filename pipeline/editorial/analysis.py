"""The analysis of new items: what each is about, and how strong its hook is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.items import source_of
from pipeline.store import analyses
from pipeline.store.analyses import Unanalysed
from pipeline.store.database import transaction
from pipeline.writing.base import Writer, WriterError

MOST_A_RUN = 1000
_BATCH = 50
_THREADS = 8
_LEASE = timedelta(minutes=30)
"""Longer than a batch takes with a model that uses its whole time-out and its repair."""


@dataclass(slots=True)
class AnalysisReport:
    """`failures` has a line for each item that failed; `stopped` tells why the rest was left, where it was."""

    analysed: int = 0
    failures: list[str] = field(default_factory=list)
    stopped: str | None = None


def analyse_new(engine: sa.Engine, writer: Writer, limit: int = MOST_A_RUN) -> AnalysisReport:
    """Analyse up to `limit` items that have no analysis, those that readers liked most first.

    One item's failure is kept on the item and does not stop the others. An item that keeps failing is left alone
    after `analyses.MOST_ATTEMPTS` attempts. Runs beside each other share the work.
    """
    report = AnalysisReport()
    left = limit
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="analyse") as pool:
        while left > 0 and report.stopped is None:
            with transaction(engine, budget.ACTOR) as connection:
                batch = analyses.claim_unanalysed(connection, limit=min(_BATCH, left), lease=_LEASE)
            if not batch:
                break
            left -= len(batch)
            outcomes = list(pool.map(lambda item: _analyse(engine, writer, item), batch))
            _report(engine, report, batch, outcomes)
    return report


def _report(
    engine: sa.Engine, report: AnalysisReport, batch: list[Unanalysed], outcomes: list[Exception | None]
) -> None:
    kept_back = []
    for item, outcome in zip(batch, outcomes, strict=True):
        if outcome is None:
            report.analysed += 1
        elif isinstance(outcome, budget.BudgetExceededError):
            report.stopped = str(outcome)
            kept_back.append(item.content_id)
        else:
            report.failures.append(f"{item.url or item.content_id}: {outcome}")
    if report.stopped is not None:
        report.failures.append(report.stopped)
        with transaction(engine, budget.ACTOR) as connection:
            analyses.release_unanalysed(connection, kept_back)


def _analyse(engine: sa.Engine, writer: Writer, item: Unanalysed) -> Exception | None:
    """Analyse one item and store what came of it; the error where it failed."""
    try:
        budget.check(engine, writer)
        written = writer.analyse(source_of(item))
    except budget.BudgetExceededError as error:
        return error
    except WriterError as error:
        budget.keep_bill(engine, error.usages, vertical_id=item.vertical_id)
        _keep_failure(engine, item, error, retry=error.retryable)
        return error
    except Exception as error:  # noqa: BLE001 - a text that no rule foresaw must not stop the other items
        _keep_failure(engine, item, error, retry=False)
        return error
    budget.keep_bill(engine, written.usages, vertical_id=item.vertical_id)
    analysis = written.value
    with transaction(engine, budget.ACTOR) as connection:
        analyses.keep_analysis(
            connection,
            item.content_id,
            topics=analysis.topics,
            facts=[fact.model_dump() for fact in analysis.facts],
            hook_strength=analysis.hook_strength,
            language=analysis.language,
            entities=analysis.entities,
            model=written.model,
        )
    return None


def _keep_failure(engine: sa.Engine, item: Unanalysed, error: Exception, *, retry: bool) -> None:
    with transaction(engine, budget.ACTOR) as connection:
        analyses.analysis_failed(connection, item.content_id, str(error), retry=retry)
