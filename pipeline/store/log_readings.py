"""How far each access log has been read."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import log_readings


@dataclass(frozen=True, slots=True)
class LogReading:
    """Where the next reading of a log begins: at byte `read_to` of it uncompressed, after a line of that digest."""

    id: int
    read_to: int
    last_line: str | None
    lines: int
    views: int


class ReadMeanwhileError(Exception):
    """Somebody else has read on in the log."""


_COLUMNS = [log_readings.c[name] for name in LogReading.__dataclass_fields__]


def reading_of(connection: sa.Connection, platform_id: UUID, first_line: str) -> LogReading:
    """The reading of the log that begins with a line of that digest; a new one begins at its beginning."""
    connection.execute(
        insert(log_readings).values(platform_id=platform_id, first_line=first_line).on_conflict_do_nothing()
    )
    row = connection.execute(
        sa.select(*_COLUMNS).where(log_readings.c.platform_id == platform_id, log_readings.c.first_line == first_line)
    ).one()
    return LogReading(**row._mapping)  # noqa: SLF001 - the public way to a row's names


def read_on(connection: sa.Connection, before: LogReading, after: LogReading) -> None:
    """In the transaction that keeps what was read.

    Raises:
        ReadMeanwhileError: it is no longer at `before`.
    """
    moved = connection.execute(
        log_readings.update()
        .where(log_readings.c.id == before.id, log_readings.c.read_to == before.read_to)
        .values(read_to=after.read_to, last_line=after.last_line, lines=after.lines, views=after.views)
    )
    if not moved.rowcount:
        raise ReadMeanwhileError
