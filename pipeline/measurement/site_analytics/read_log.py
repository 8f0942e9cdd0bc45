"""Page views from a web server's access log: read on where the last reading ended, and each line once.

A log is known by its first line, so that one that was renamed or compressed when it was rotated is known again and is
not read twice. What a batch of lines says and how far the log is read are committed together: a reading that is killed
loses nothing and doubles nothing.
"""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from pipeline.measurement.site_analytics import log_lines, views
from pipeline.measurement.site_analytics.log_lines import Line
from pipeline.measurement.visitors import hashed
from pipeline.store import log_readings, page_views, site_analytics
from pipeline.store.database import transaction
from pipeline.store.log_readings import LogReading
from pipeline.text.bots import is_bot

_Log = gzip.GzipFile | BufferedReader
_BATCH: Final = 5_000
"""Lines, and so views at most, of one transaction."""
_LONGEST: Final = 64 * 1024
"""Bytes of a line that are looked at; servers take addresses of some 8,000."""
_GZIP: Final = b"\x1f\x8b"
_PAGES: Final = frozenset({"", ".html", ".htm"})
"""How the last part of a page's address ends; what ends otherwise is a picture, a style, a feed."""
_SHOWN: Final = frozenset({200, 304})
"""304: the browser has the page, and shows it."""


class LogError(Exception):
    """The file can't be read as a log; the message says why."""


@dataclass(slots=True)
class LogReport:
    """What one reading found: lines read, views kept, and of the rest why it is none.

    `unread` lines were of no form that is known. `began_at` is the byte where it began: 0 for a log that is new.
    """

    began_at: int = 0
    lines: int = 0
    views: int = 0
    bots: int = 0
    other: int = 0
    unread: int = 0


def read_log(engine: sa.Engine, site: views.Site, path: Path) -> Iterator[LogReport]:
    """Read what is new in a log, plain or gzip; the report so far after each batch, and whole at the end.

    Raises:
        LogError: it can't be read, is empty, or is not what it was.
        log_readings.ReadMeanwhileError: another reading of the same log went on.
    """
    report = LogReport()
    try:
        with _opened(path) as file:
            reading = _resume(engine, site.id, file, path)
            report.began_at = reading.read_to
            while lines := _lines(file):
                seen = list(_views(engine, lines, reading, report))
                after = replace(
                    reading,
                    read_to=file.tell(),
                    last_line=_digest(lines[-1][-_LONGEST:]),
                    lines=reading.lines + len(lines),
                    views=reading.views + len(seen),
                )
                _keep(engine, site, seen, reading, after)
                reading = after
                report.lines += len(lines)
                report.views += len(seen)
                yield report
    except (OSError, EOFError) as error:
        raise LogError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from error
    yield report


@contextmanager
def _opened(path: Path) -> Iterator[_Log]:
    with path.open("rb") as file:
        is_compressed = file.read(len(_GZIP)) == _GZIP
    with gzip.open(path, "rb") if is_compressed else path.open("rb") as file:
        yield file


def _resume(engine: sa.Engine, platform_id: UUID, file: _Log, path: Path) -> LogReading:
    """How far the log was read, with the file at that place. Raises: LogError."""
    first = file.readline(_LONGEST)
    if not first.endswith(b"\n") and len(first) < _LONGEST:
        raise LogError(f"{path} has no whole line yet.")
    with transaction(engine, "read-log") as connection:
        reading = log_readings.reading_of(connection, platform_id, _digest(first))
    before = None
    file.seek(0)
    if reading.read_to:
        file.seek(max(0, reading.read_to - _LONGEST))
        tail = file.read(min(_LONGEST, reading.read_to))
        before = _digest(tail[tail.rfind(b"\n", 0, -1) + 1 :])
    if before != reading.last_line:
        raise LogError(
            f"{path} begins like a log that was read before, and goes on otherwise: it was cut or changed. "
            "Nothing of it was read."
        )
    return reading


def _lines(file: _Log) -> list[bytes]:
    """The next whole lines; one that the server is still writing is left for the next reading."""
    lines: list[bytes] = []
    while len(lines) < _BATCH:
        start = file.tell()
        line = file.readline()
        if not line.endswith(b"\n"):
            file.seek(start)
            break
        lines.append(line)
    return lines


def _views(engine: sa.Engine, lines: list[bytes], reading: LogReading, report: LogReport) -> Iterator[views.Seen]:
    for number, raw in enumerate(lines, start=reading.lines):
        line = log_lines.parse(raw[:_LONGEST].decode("utf-8", "replace").strip())
        if line is None:
            report.unread += 1
        elif not _is_page(line):
            report.other += 1
        elif is_bot(line.user_agent):
            report.bots += 1
        else:
            visitor = hashed(engine, line.address, line.user_agent or "", line.at)
            yield views.Seen(f"log {reading.id} {number}", line.at, line.target, line.referrer, visitor)


def _is_page(line: Line) -> bool:
    try:
        path = urlsplit(line.target).path
    except ValueError:
        return False
    return line.method == "GET" and line.status in _SHOWN and PurePosixPath(path).suffix.lower() in _PAGES


def _keep(engine: sa.Engine, site: views.Site, seen: list[views.Seen], before: LogReading, after: LogReading) -> None:
    if seen:  # on its own: making a month's table holds up everybody who keeps a view
        with transaction(engine, "read-log") as connection:
            moments = [each.at for each in seen]
            page_views.ensure_partitions(connection, min(moments), max(moments))
    with transaction(engine, "read-log") as connection:
        log_readings.read_on(connection, before, after)
        views.keep(connection, site, "log", seen)
        if seen:
            site_analytics.read_again(connection, site.id, min(each.at for each in seen))


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
