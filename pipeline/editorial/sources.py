"""Taking content in: from a feed or a file to rows of `raw_content`, in batches that are committed as they are read.

A reading that is stopped anywhere has lost nothing: what was committed stays, and the next reading finds it unchanged
and carries on. Every row of the source is counted as new, changed, unchanged or bad, and a bad one is kept with its
line and the reason.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from pipeline.editorial.source_feeds import feed_rows
from pipeline.editorial.source_formats import (
    BadRow,
    Document,
    Row,
    SourceError,
    csv_rows,
    is_url,
    jsonl_rows,
    open_document,
)
from pipeline.editorial.source_items import ColumnMapping
from pipeline.editorial.source_run import LinesThatCount, SourceRun, lines_that_count
from pipeline.editorial.source_values import ItemError
from pipeline.platforms.fetch import NotModified
from pipeline.store import sources
from pipeline.store.sources import Counts, SourceDefinition
from pipeline.vocabulary import SourceKind

__all__ = ["IngestReport", "SourceDefinition", "SourceError", "ingest", "is_url", "kind_of", "name_of", "sync_sources"]

log = structlog.get_logger(__name__)

_BATCH: Final = 1000
_KINDS: Final = {
    ".csv": SourceKind.CSV,
    ".tsv": SourceKind.CSV,
    ".jsonl": SourceKind.JSONL,
    ".ndjson": SourceKind.JSONL,
    ".xml": SourceKind.FEED,
    ".rss": SourceKind.FEED,
    ".atom": SourceKind.FEED,
    ".json": SourceKind.FEED,
}


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one reading brought. `error` says why it ended early; what was counted by then is stored."""

    source: str
    counts: Counts = field(default_factory=Counts)
    first_bad: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    not_modified: bool = False

    @property
    def rows_read(self) -> int:
        return self.counts.read

    @property
    def rows_new(self) -> int:
        return self.counts.new

    @property
    def rows_changed(self) -> int:
        return self.counts.changed

    @property
    def rows_unchanged(self) -> int:
        return self.counts.unchanged

    @property
    def rows_bad(self) -> int:
        return self.counts.bad


def kind_of(location: str) -> SourceKind | None:
    """What a location's name says it is; a URL that says nothing is a feed, a file that says nothing is unknown."""
    path = PurePosixPath(urlsplit(location).path if is_url(location) else location)
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    return _KINDS.get(suffix, SourceKind.FEED if is_url(location) else None)


def name_of(location: str) -> str:
    """What a source is called where nobody named it: a feed by its address, a file by its name without suffixes."""
    if is_url(location):
        parts = urlsplit(location)
        return f"{parts.hostname}{parts.path}".rstrip("/")
    path = PurePosixPath(location)
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).stem


def ingest(
    engine: sa.Engine,
    source: SourceDefinition,
    actor: str,
    *,
    allow_private: bool = False,
    on_progress: Callable[[Counts], None] | None = None,
) -> IngestReport:
    """Read a source from its beginning and bring `raw_content` up to date; see `raw_content.upsert` for what changes.

    Opens transactions of its own, one a batch. Of several rows with one id the newest counts, that is the last one in
    a file and the first one in a feed; the others are counted as unchanged. A source that can't be read ends in the
    report's `error`; a new definition of it is not kept then. `on_progress` is called after each batch.

    Raises:
        SourceError: the definition itself is wrong (a field, a zone), or another process is reading the source.
        UnknownVerticalError: there is no such vertical.
    """
    mapping = _mapping(source)
    with _exclusively(engine, source.name):
        with engine.connect() as connection:
            known = sources.by_name(connection, source.name)
        # A source that is now read in another way must be read whole, changed or not.
        same = known if known is not None and known.definition == source else None
        run: SourceRun | None = None
        try:
            with open_document(
                source.location,
                etag=same.etag if same else None,
                last_modified=same.last_modified if same else None,
                allow_private=allow_private,
            ) as document:
                lines = _lines_that_count(document, source, mapping)
                run = SourceRun.start(engine, actor, source, mapping, lines)
                rows = _rows(document, source, mapping)
                while batch := list(islice(rows, _BATCH)):
                    run.take(batch)
                    if on_progress:
                        on_progress(run.counts)
                run.finish(document)
        except SourceError as error:
            if run is None and same is None:
                return IngestReport(source.name, error=str(error))
            run = run or SourceRun.start(engine, actor, source, mapping, {})
            run.fail(str(error))
            return _report(source, run, error=str(error))
        return _report(source, run, not_modified=isinstance(document, NotModified))


def sync_sources(
    engine: sa.Engine, *, actor: str = "source_content", allow_private: bool = False
) -> list[IngestReport]:
    """Read every active source, by name. One that fails is reported with its error and doesn't stop the others.

    Raises:
        sqlalchemy.exc.OperationalError: the database itself is away.
    """
    with engine.connect() as connection:
        active = [stored.definition for stored in sources.active(connection)]
    reports = []
    for definition in active:
        try:
            reports.append(ingest(engine, definition, actor, allow_private=allow_private))
        except sa.exc.OperationalError:
            raise
        except SourceError as error:
            reports.append(IngestReport(definition.name, error=str(error)))
        except Exception as error:  # a parser can fail on what a stranger wrote in ways nobody listed
            log.exception("source failed", source=definition.name)
            reports.append(IngestReport(definition.name, error=f"{type(error).__name__}: {error}"))
    return reports


def _mapping(source: SourceDefinition) -> ColumnMapping:
    try:
        mapping = ColumnMapping.parse(source.column_mapping)
    except ItemError as error:
        raise SourceError(str(error)) from None
    if source.kind is SourceKind.FEED and mapping.columns:
        raise SourceError("A feed says itself what its fields are; only timezone can be mapped.")
    return mapping


def _rows(document: Document | NotModified, source: SourceDefinition, mapping: ColumnMapping) -> Iterator[Row]:
    """The rows from the document's beginning."""
    if isinstance(document, NotModified):
        return iter(())
    document.stream.seek(0)
    match source.kind:
        case SourceKind.FEED:
            return feed_rows(document, source.location)
        case SourceKind.CSV:
            return csv_rows(document, mapping.columns)
        case SourceKind.JSONL:
            return jsonl_rows(document)
        case SourceKind.PAGE:
            raise SourceError("A page is brought in with: pressroom curate URL.")


def _lines_that_count(
    document: Document | NotModified, source: SourceDefinition, mapping: ColumnMapping
) -> LinesThatCount:
    """The newest row of each id: a feed has it first, an export last."""
    rows = _rows(document, source, mapping)
    return lines_that_count(rows, mapping, keep_last=source.kind is not SourceKind.FEED)


@contextmanager
def _exclusively(engine: sa.Engine, name: str) -> Iterator[None]:
    """Held by a session of its own, so that a process that dies lets go at once."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        if not sources.try_lock(connection, name):
            raise SourceError(f"The source {name} is being read by another process just now.")
        try:
            yield
        finally:
            # Closing alone would leave the lock to the server for a moment longer than the call.
            sources.unlock(connection, name)


def _report(
    source: SourceDefinition, run: SourceRun, *, error: str | None = None, not_modified: bool = False
) -> IngestReport:
    return IngestReport(source.name, run.counts, tuple(run.first_bad), tuple(run.notes()), error, not_modified)
