"""The analysis of new items: what each is about, how strong its hook is, and which story it tells."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import budget, duplicates
from pipeline.editorial.facts import only_what_the_source_says
from pipeline.editorial.items import source_of
from pipeline.store import analyses, analysis_holds
from pipeline.store.analyses import Unanalysed
from pipeline.store.database import transaction
from pipeline.writing.base import Writer, WriterError

MOST_A_RUN = 1000
_BATCH = 50
_THREADS = 8
_LEASE = timedelta(minutes=30)
"""Longer than a batch takes with a model that uses its whole time-out and its repair."""


class TextChangedError(Exception):
    """The item was rewritten while it was analysed. It waits for its analysis again."""


@dataclass(slots=True)
class AnalysisReport:
    """`failures` has a line for each item that failed, and one for each budget that was spent. `stopped` is the last of
    those: the items of that vertical were left, where they were.
    """

    analysed: int = 0
    grouped: int = 0
    failures: list[str] = field(default_factory=list)
    stopped: str | None = None


def analyse_new(engine: sa.Engine, writer: Writer, limit: int = MOST_A_RUN) -> AnalysisReport:
    """Analyse up to `limit` items that have no analysis, those that readers liked most first, and find out which story
    each tells; that also of items that were analysed before such things were asked, `duplicates.MOST_A_RUN` at most.

    One item's failure is kept on the item and does not stop the others; nor does a vertical whose budget is spent stop
    another. An item that keeps failing is left alone after `analyses.MOST_ATTEMPTS` attempts. Runs beside each other
    share the work.
    """
    report = AnalysisReport(grouped=duplicates.group_waiting(engine))
    left, spent = limit, dict[UUID, str]()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="analyse") as pool:
        while left > 0:
            with transaction(engine, budget.ACTOR) as connection:
                batch = analyses.claim_unanalysed(connection, limit=min(_BATCH, left), lease=_LEASE, besides=[*spent])
            if not batch:
                break
            left -= len(batch)
            outcomes = list(pool.map(lambda item: _analyse(engine, writer, item), batch))
            spent |= _report(engine, report, batch, outcomes)
            report.grouped += duplicates.group_waiting(engine)
    report.failures += dict.fromkeys(spent.values())
    return report


def _report(
    engine: sa.Engine, report: AnalysisReport, batch: list[Unanalysed], outcomes: list[Exception | None]
) -> dict[UUID, str]:
    """Count the outcomes; the verticals whose budget is spent, with what there is to say about it."""
    kept_back, spent, holds = [], {}, {}
    for item, outcome in zip(batch, outcomes, strict=True):
        match outcome:
            case None:
                report.analysed += 1
            case budget.BudgetExceededError():
                report.stopped = spent[item.vertical_id] = str(outcome)
                holds[item.vertical_id] = outcome.hold()
                kept_back.append(item.content_id)
            case TextChangedError():
                pass
            case _:
                report.failures.append(f"{item.url or item.content_id}: {outcome}")
    if kept_back:
        with transaction(engine, budget.ACTOR) as connection:
            analyses.release_unanalysed(connection, kept_back)
            analysis_holds.hold(connection, holds)
    return spent


def _analyse(engine: sa.Engine, writer: Writer, item: Unanalysed) -> Exception | None:
    """Analyse one item and store what came of it; the error where it failed."""
    source = source_of(item)
    try:
        written = writer.analyse(source, budget.book(engine, vertical_id=item.vertical_id, content_id=item.content_id))
        analysis = only_what_the_source_says(written.value, source)
    except budget.BudgetExceededError as error:
        return error
    except WriterError as error:
        if error.not_before is not None:
            _put_off(engine, item, error, error.not_before)
        else:
            _keep_failure(engine, item, error, retry=error.retryable)
        return error
    except Exception as error:  # noqa: BLE001 - a text that no rule foresaw must not stop the other items
        _keep_failure(engine, item, error, retry=False)
        return error
    with transaction(engine, budget.ACTOR) as connection:
        kept = analyses.keep_analysis(
            connection,
            item,
            topics=analysis.topics,
            facts=[fact.model_dump() for fact in analysis.facts],
            hook_strength=analysis.hook_strength,
            language=analysis.language,
            entities=analysis.entities,
            model=written.model,
        )
    return None if kept else TextChangedError()


def _put_off(engine: sa.Engine, item: Unanalysed, error: Exception, until: datetime) -> None:
    with transaction(engine, budget.ACTOR) as connection:
        analyses.put_off(connection, item.content_id, str(error), until=until)


def _keep_failure(engine: sa.Engine, item: Unanalysed, error: Exception, *, retry: bool) -> None:
    with transaction(engine, budget.ACTOR) as connection:
        analyses.analysis_failed(connection, item.content_id, str(error), retry=retry)
