"""One reading of one source: its rows in the journal, its counts, and the batches that it commits."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any, Final, Self
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial.source_formats import BadRow, Document, Record, Row, excerpt
from pipeline.editorial.source_items import ColumnMapping, Item, external_id_of, item_of
from pipeline.editorial.source_text import clean_json
from pipeline.editorial.source_values import ItemError
from pipeline.platforms.fetch import NotModified
from pipeline.store import raw_content, sources
from pipeline.store.database import transaction
from pipeline.store.sources import Counts, SourceDefinition

_SHOWN: Final = 5

LinesThatCount = dict[str, int]
"""For each id in the source, the line whose row is taken. Exports list a post again with later figures."""


def lines_that_count(rows: Iterable[Row], mapping: ColumnMapping, *, keep_last: bool) -> LinesThatCount:
    """Found by a reading of its own: writing one row of an id and then the other would change both at every run.

    A file that breaks off ends this reading early and quietly; the one that stores comes upon the break again.
    """
    lines: LinesThatCount = {}
    with suppress(EOFError, OSError, zlib.error):
        for row in rows:
            external_id = _external_id(row, mapping)
            if external_id is not None and (keep_last or external_id not in lines):
                lines[external_id] = row.line
    return lines


def _external_id(row: Row, mapping: ColumnMapping) -> str | None:
    try:
        return external_id_of(row.values, mapping) if isinstance(row, Record) else None
    except ItemError:
        return None


class SourceRun:
    """A row of `ingest_runs` that is being written.

    Attributes:
        counts: what became of the rows so far; committed with the rows themselves.
        first_bad: the first few bad rows, for showing; all of them are in `ingest_errors`.
    """

    def __init__(
        self,
        engine: sa.Engine,
        actor: str,
        *,
        mapping: ColumnMapping,
        lines: LinesThatCount,
        source_id: UUID,
        run_id: int,
    ) -> None:
        self._engine = engine
        self._actor = actor
        self._mapping = mapping
        self._source_id = source_id
        self._run_id = run_id
        self._lines = lines
        self._repeated = 0
        self._unseen_columns = set(mapping.columns.values())
        self._doubtful = 0
        self.counts = Counts()
        self.first_bad: list[BadRow] = []

    @classmethod
    def start(
        cls, engine: sa.Engine, actor: str, source: SourceDefinition, mapping: ColumnMapping, lines: LinesThatCount
    ) -> Self:
        """Add the source, or bring it up to date, and open a run of it. Raises: UnknownVerticalError."""
        with transaction(engine, actor) as connection:
            source_id = sources.save(connection, source)
            run_id = sources.start_run(connection, source_id)
        return cls(engine, actor, mapping=mapping, lines=lines, source_id=source_id, run_id=run_id)

    def take(self, rows: Sequence[Row]) -> None:
        """Store a batch and count it, in one transaction."""
        items: list[Mapping[str, Any]] = []
        bad: list[BadRow] = []
        for row in rows:
            result = row if isinstance(row, BadRow) else self._item(row)
            if isinstance(result, BadRow):
                bad.append(result)
            elif result is not None:
                items.append(result)
        with transaction(self._engine, self._actor) as connection:
            new, changed = raw_content.upsert(connection, self._source_id, items)
            counts = Counts(new, changed, len(rows) - len(bad) - new - changed, len(bad))
            errors = [{"line": row.line, "reason": row.reason, "raw": row.raw} for row in bad]
            sources.add_to_run(connection, self._run_id, counts, errors)
        self.counts += counts
        self.first_bad += bad[: _SHOWN - len(self.first_bad)]

    def finish(self, document: Document | NotModified) -> None:
        """All was read, or nothing had changed."""
        with transaction(self._engine, self._actor) as connection:
            if isinstance(document, Document):
                raw_content.refresh_percentiles(connection, self._source_id)
                sources.remember_validators(connection, self._source_id, document.etag, document.last_modified)
            sources.finish_run(connection, self._run_id)

    def fail(self, reason: str) -> None:
        """The source broke off; what was taken stays."""
        with transaction(self._engine, self._actor) as connection:
            raw_content.refresh_percentiles(connection, self._source_id)
            sources.finish_run(connection, self._run_id, reason)

    def notes(self) -> list[str]:
        """What the person who keeps the source should look at, though no row is bad."""
        notes = []
        if self.counts.read and self._unseen_columns:
            notes.append(f"No row has the mapped column {', '.join(sorted(self._unseen_columns))}.")
        if self._repeated:
            notes.append(f"{self._repeated:,} rows repeat an id; the newest row of each id counts.")
        if self._doubtful:
            notes.append(
                f"{self._doubtful:,} items have more engagements than reach: their engagement rate is left unknown."
            )
        return notes

    def _item(self, record: Record) -> dict[str, Any] | BadRow | None:
        """The item's columns; None where another row of the same id counts."""
        self._unseen_columns -= record.values.keys()
        try:
            item = item_of(record.values, self._mapping)
            stored = _stored(item, record)
        except ItemError as error:
            return _bad(record, str(error))
        except RecursionError:
            return BadRow(record.line, "it is nested too deeply", "")
        if self._lines.setdefault(item.external_id, record.line) != record.line:
            self._repeated += 1
            return None
        self._doubtful += item.is_doubtful
        return stored


def _bad(record: Record, reason: str) -> BadRow:
    return BadRow(record.line, reason, excerpt(json.dumps(record.values, ensure_ascii=False, default=str)))


def _stored(item: Item, record: Record) -> dict[str, Any]:
    columns = {field.name: getattr(item, field.name) for field in fields(item)}
    return {
        **columns,
        "posted_at": item.posted_at.isoformat() if item.posted_at else None,
        "engagement_rate": item.engagement_rate,
        "content_hash": item.content_hash,
        "raw": clean_json(record.values),
    }
