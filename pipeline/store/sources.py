"""Where content comes from, and what each reading of it brought: `content_sources`, `ingest_runs`, `ingest_errors`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.store import story_items
from pipeline.store.tables import ingest_errors
from pipeline.vocabulary import IngestStatus, SourceKind

_COLUMNS = """
    select s.id, s.name, s.kind, s.location, v.slug as vertical, s.column_mapping, s.etag, s.last_modified
    from content_sources s join publisher_verticals v on v.id = s.vertical_id
"""


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """What is read and how. `vertical` is a slug; `column_mapping` is field → column, and `timezone` → an IANA zone."""

    name: str
    kind: SourceKind
    location: str
    vertical: str
    column_mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A row of `content_sources`, with the validators that its server gave at the last reading."""

    id: UUID
    definition: SourceDefinition
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows; `read` is the sum of the others."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0

    @property
    def read(self) -> int:
        return self.new + self.changed + self.unchanged + self.bad

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged, self.bad + other.bad
        )


class UnknownVerticalError(LookupError):
    """No vertical has that slug; the message names those there are."""


def by_name(connection: sa.Connection, name: str) -> StoredSource | None:
    return _one(connection, "where s.name = :value", name)


def by_location(connection: sa.Connection, location: str) -> StoredSource | None:
    """The first of the sources that read from there."""
    return _one(connection, "where s.location = :value order by s.created_at, s.id limit 1", location)


def active(connection: sa.Connection) -> list[StoredSource]:
    rows = connection.execute(sa.text(f"{_COLUMNS} where s.is_active order by s.name"))
    return [_source(row) for row in rows.mappings()]


def verticals(connection: sa.Connection) -> list[str]:
    """The slugs of the active verticals."""
    return list(connection.scalars(sa.text("select slug from publisher_verticals where is_active order by slug")))


def save(connection: sa.Connection, source: SourceDefinition) -> UUID:
    """Add the source, or bring the one of that name up to date.

    A source that is read differently from before forgets its validators, so that the next answer is a whole one.

    Raises:
        UnknownVerticalError.
    """
    moved = connection.scalar(
        sa.text("""
            select s.id from content_sources s join publisher_verticals v on v.id = s.vertical_id
            where s.name = :name and v.slug <> :vertical
            for update of s
        """),
        {"name": source.name, "vertical": source.vertical},
    )
    statement = sa.text("""
        insert into content_sources as s (name, kind, location, column_mapping, vertical_id)
        select :name, :kind, :location, :column_mapping, id from publisher_verticals where slug = :vertical
        on conflict (name) do update
        set kind = excluded.kind, location = excluded.location, column_mapping = excluded.column_mapping,
            vertical_id = excluded.vertical_id,
            etag = case when (s.kind, s.location, s.column_mapping)
                = (excluded.kind, excluded.location, excluded.column_mapping) then s.etag end,
            last_modified = case when (s.kind, s.location, s.column_mapping)
                = (excluded.kind, excluded.location, excluded.column_mapping) then s.last_modified end
        returning id
    """).bindparams(sa.bindparam("column_mapping", type_=JSONB))
    source_id = connection.scalar(
        statement,
        {
            "name": source.name,
            "kind": source.kind,
            "location": source.location,
            "column_mapping": dict(source.column_mapping),
            "vertical": source.vertical,
        },
    )
    if source_id is None:
        raise UnknownVerticalError(
            f"There is no vertical {source.vertical!r}; there are: {', '.join(verticals(connection)) or 'none'}."
        )
    if moved is not None:
        story_items.forget(connection, moved)
    return UUID(str(source_id))


def remember_validators(
    connection: sa.Connection, source_id: UUID, etag: str | None, last_modified: str | None
) -> None:
    """Keep what the server gave for the next conditional fetch."""
    connection.execute(
        sa.text("""
            update content_sources set etag = :etag, last_modified = :last_modified
            where id = :id and (etag, last_modified) is distinct from (:etag, :last_modified)
        """),
        {"id": source_id, "etag": etag, "last_modified": last_modified},
    )


def try_lock(connection: sa.Connection, name: str) -> bool:
    """Whether this session is now the one that reads the source; it is until `unlock`, or its end."""
    statement = sa.text("select pg_try_advisory_lock(hashtextextended('ingest ' || :name, 0))")
    return bool(connection.scalar(statement, {"name": name}))


def unlock(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.text("select pg_advisory_unlock(hashtextextended('ingest ' || :name, 0))"), {"name": name})


def start_run(connection: sa.Connection, source_id: UUID) -> int:
    """A new run. Whoever holds the source's lock knows that a run still open belongs to a process that died."""
    connection.execute(
        sa.text("""
            update ingest_runs set status = 'failed', error = 'interrupted', finished_at = now()
            where source_id = :source_id and status = 'running'
        """),
        {"source_id": source_id},
    )
    run_id = connection.scalar(
        sa.text("insert into ingest_runs (source_id) values (:source_id) returning id"), {"source_id": source_id}
    )
    return int(str(run_id))


def add_to_run(connection: sa.Connection, run_id: int, counts: Counts, errors: Iterable[Mapping[str, object]]) -> None:
    """Count one batch, and keep its bad rows: `line`, `reason`, `raw`."""
    connection.execute(
        sa.text("""
            update ingest_runs
            set rows_read = rows_read + :read, rows_new = rows_new + :new, rows_changed = rows_changed + :changed,
                rows_unchanged = rows_unchanged + :unchanged, rows_bad = rows_bad + :bad
            where id = :id
        """),
        {
            "id": run_id,
            "read": counts.read,
            "new": counts.new,
            "changed": counts.changed,
            "unchanged": counts.unchanged,
            "bad": counts.bad,
        },
    )
    rows = [{"run_id": run_id, **error} for error in errors]
    if rows:
        connection.execute(ingest_errors.insert(), rows)


def finish_run(connection: sa.Connection, run_id: int, error: str | None = None) -> None:
    """The run is over: finished, or failed with the reason."""
    connection.execute(
        sa.text("update ingest_runs set status = :status, error = :error, finished_at = now() where id = :id"),
        {"id": run_id, "status": IngestStatus.FAILED if error else IngestStatus.FINISHED, "error": error},
    )


def _one(connection: sa.Connection, condition: str, value: str) -> StoredSource | None:
    row = connection.execute(sa.text(f"{_COLUMNS} {condition}"), {"value": value}).mappings().one_or_none()
    return _source(row) if row else None


def _source(row: sa.RowMapping) -> StoredSource:
    definition = SourceDefinition(
        row["name"], SourceKind(row["kind"]), row["location"], row["vertical"], row["column_mapping"]
    )
    return StoredSource(row["id"], definition, row["etag"], row["last_modified"])


def prune_errors(connection: sa.Connection, *, keep_days: int = 30) -> int:
    """Forget the bad rows of old runs, which every reading of an unmended source finds again; returns how many."""
    return connection.execute(
        sa.text("""
            delete from ingest_errors e using ingest_runs r
            where r.id = e.run_id and r.started_at < now() - make_interval(days => :days)
        """),
        {"days": keep_days},
    ).rowcount


def any_never_read(connection: sa.Connection) -> bool:
    """Whether an active source has never been read, not even in vain."""
    return bool(
        connection.scalar(
            sa.text("""
                select exists (
                    select from content_sources s
                    where s.is_active and not exists (select from ingest_runs r where r.source_id = s.id)
                )
            """)
        )
    )
