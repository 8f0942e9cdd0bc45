"""Where a source's bytes come from, and the rows of CSV and of JSON lines in them."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from pipeline.editorial.source_text import clean
from pipeline.platforms.fetch import FetchError, NotModified, fetch
from pipeline.settings import PROJECT_ROOT

LONGEST_LINE: Final = 1024 * 1024
_LONGEST_EXCERPT: Final = 500
_DELIMITERS: Final = ",;\t|"
_GZIP_MAGIC: Final = b"\x1f\x8b"


class SourceError(Exception):
    """The source as a whole can't be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """A source's bytes, decompressed as they are read, with what the server said about them."""

    stream: BinaryIO
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One row, under the source's own names. `line` is counted from 1; in a feed it is the item's position."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be used. `raw` is the beginning of it, as it stands in the source."""

    line: int
    reason: str
    raw: str


Row = Record | BadRow


def is_url(location: str) -> bool:
    return location.lower().startswith(("http://", "https://"))


@contextmanager
def open_document(
    location: str, *, etag: str | None = None, last_modified: str | None = None, allow_private: bool = False
) -> Iterator[Document | NotModified]:
    """A URL or a file, gzipped or plain. A relative path starts at the project's folder.

    Raises:
        SourceError: it can't be had, or breaks off while it is read.
    """
    try:
        if is_url(location):
            answer = fetch(location, etag=etag, last_modified=last_modified, allow_private=allow_private)
            if isinstance(answer, NotModified):
                yield answer
                return
            stream: BinaryIO = io.BytesIO(answer.body)
            with _inflated(stream) as inflated:
                yield Document(inflated, answer.content_type, answer.etag, answer.last_modified)
        else:
            with (PROJECT_ROOT / location).open("rb") as file, _inflated(file) as inflated:
                yield Document(inflated)
    except FetchError as error:
        raise SourceError(str(error)) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise SourceError(f"{location} is a gzip file that is damaged or breaks off.") from None
    except OSError as error:
        raise SourceError(f"{location} can't be read: {error.strerror or error}.") from None


@contextmanager
def _inflated(stream: io.BufferedReader | BinaryIO) -> Iterator[BinaryIO]:
    compressed = stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    stream.seek(0)
    if not compressed:
        yield stream
        return
    with gzip.GzipFile(fileobj=stream) as inflated:
        yield cast("BinaryIO", inflated)


def jsonl_rows(document: Document) -> Iterator[Row]:
    """One object a line; blank lines are passed over."""
    line = 0
    while piece := document.stream.readline(LONGEST_LINE):
        line += 1
        if not piece.endswith(b"\n") and len(piece) == LONGEST_LINE:
            _skip_line(document.stream)
            yield BadRow(line, f"it is longer than {LONGEST_LINE:,} bytes", excerpt(piece.decode(errors="replace")))
        elif piece.strip():
            yield _json_row(line, piece)


def _skip_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(LONGEST_LINE)) and not piece.endswith(b"\n"):
        pass


def _json_row(line: int, piece: bytes) -> Row:
    try:
        text = piece.decode("utf-8-sig" if line == 1 else "utf-8")
        value = json.loads(text)
    except UnicodeDecodeError:
        return BadRow(line, "it is not UTF-8", excerpt(piece.decode(errors="replace")))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return BadRow(line, f"it is not JSON: {reason}", excerpt(text))
    if not isinstance(value, dict):
        return BadRow(line, "it is not a JSON object", excerpt(text))
    return Record(line, value)


def csv_rows(document: Document, columns: Mapping[str, str]) -> Iterator[Row]:
    """Rows under the names of the header, which is read at once; an empty cell is None.

    The delimiter is the most frequent of comma, semicolon, tab and bar in the header.

    Raises:
        SourceError: there is no header, a name stands in it twice, or a mapped column is not in it.
    """
    text = io.TextIOWrapper(document.stream, "utf-8-sig", errors="surrogateescape", newline="")
    header_line = text.readline(LONGEST_LINE)
    delimiter = max(_DELIMITERS, key=header_line.count)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    if not any(header):
        raise SourceError("It has no header: the first line of a CSV file names its columns.")
    if twice := next((name for name in header if header.count(name) > 1), None):
        raise SourceError(f"The column {twice!r} stands twice in the header.")
    for field, column in columns.items():
        if column not in header:
            raise SourceError(f"There is no column {column!r} for {field}; there are: {', '.join(header)}.")
    return _csv_body(text, header, delimiter)


def _csv_body(text: io.TextIOWrapper, header: list[str], delimiter: str) -> Iterator[Row]:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        while line := text.readline(LONGEST_LINE):
            taken.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        while True:
            first_line = reader.line_num + 2  # after the header
            taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(first_line, f"it is not CSV: {error}", excerpt("".join(taken)))
                continue
            row = _csv_row(first_line, header, cells, "".join(taken))
            if row is not None:
                yield row
    finally:
        text.detach()  # else it closes the document with itself


def _csv_row(line: int, header: list[str], cells: list[str], raw: str) -> Row | None:
    if any("\udc80" <= character <= "\udcff" for character in raw):
        return BadRow(line, "it is not UTF-8", excerpt(raw))
    if not any(cells):
        return None
    if len(cells) != len(header):
        return BadRow(line, f"it has {len(cells)} cells, the header {len(header)}", excerpt(raw))
    return Record(line, {name: cell or None for name, cell in zip(header, cells, strict=True)})


def excerpt(raw: str) -> str:
    """The beginning of a row, short enough to be kept with its reason."""
    text = clean(raw[: _LONGEST_EXCERPT + 1]).rstrip("\r\n")
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + "…"
