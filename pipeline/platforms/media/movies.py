"""The head of an MP4, M4A or QuickTime file: a tree of boxes (ISO 14496-12), of which a few are read.

Nothing is decoded, and nothing but headers is read into memory, however large the file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pipeline.platforms.media.facts import Facts, MediaError
from pipeline.vocabulary import MediaKind

_MOST_BOXES: Final = 100_000
"""More than a day of fragments has; a file of nothing but empty boxes would be read for hours."""
_MOST_HEADER_BYTES: Final = 256
_BROKEN_OFF: Final = "The file broke off: it is shorter than it says."


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Track:
    """`handler` is `vide`, `soun` or of another kind; the size is as shown, 0 for what is not seen."""

    handler: bytes
    width: int
    height: int


def examine(path: Path, mime_type: str) -> Facts:
    """The facts of a file whose brand says `mime_type`; without a video track it is a sound.

    `duration_seconds` is None where the file doesn't tell.

    Raises:
        MediaError: it broke off, or has no film and no sound.
    """
    with path.open("rb") as file:
        reader = _Reader(file)
        size = path.stat().st_size
        boxes = list(reader.boxes(0, size))
        movie = next((box for box in boxes if box.kind == b"moov"), None)
        if movie is None:
            raise MediaError("The file has no description of a film or a sound (moov).")
        tracks, seconds = _read_movie(reader, movie)
    shown = next((track for track in tracks if track.handler == b"vide" and track.width and track.height), None)
    if shown is not None and mime_type != "audio/mp4":  # the film in an M4A is the pictures of its chapters
        return Facts(MediaKind.VIDEO, mime_type, size, shown.width, shown.height, seconds)
    if any(track.handler == b"soun" for track in tracks):
        return Facts(MediaKind.AUDIO, "audio/mp4", size, duration_seconds=seconds)
    raise MediaError("The file holds neither a film with a size nor a sound.")


def _read_movie(reader: "_Reader", movie: _Box) -> tuple[list[_Track], float | None]:
    tracks, ticks, per_second = [], 0, 0
    for box in reader.boxes(movie.start, movie.end):
        match box.kind:
            case b"mvhd":
                per_second, length = _movie_header(reader.read(box))
                ticks = max(ticks, length)
            case b"mvex":  # in fragments: the header above counts none of them
                for inner in reader.boxes(box.start, box.end):
                    if inner.kind == b"mehd":
                        ticks = max(ticks, _fragments_length(reader.read(inner)))
            case b"trak":
                tracks.append(_read_track(reader, box))
    return tracks, ticks / per_second if ticks and per_second else None


def _read_track(reader: "_Reader", track: _Box) -> _Track:
    handler, size = b"", (0, 0)
    for box in reader.boxes(track.start, track.end):
        if box.kind == b"tkhd":
            size = _shown_size(reader.read(box))
        elif box.kind == b"mdia":
            for inner in reader.boxes(box.start, box.end):
                if inner.kind == b"hdlr":
                    (handler,) = _unpacked(">8x4s", reader.read(inner))
    return _Track(handler, *size)


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_BOXES

    def boxes(self, start: int, end: int) -> Iterator[_Box]:
        """The boxes between two offsets. Raises: MediaError: one reaches beyond, or there are too many."""
        while start < end:
            self._left -= 1
            if self._left < 0:
                raise MediaError(f"The file has more than {_MOST_BOXES:,} parts.")
            self._file.seek(start)
            size, kind = _unpacked(">I4s", self._file.read(8))
            body = start + 8
            if size == 1:
                (size,) = _unpacked(">Q", self._file.read(8))
                body += 8
            elif size == 0:
                size = end - start
            if start + size > end or start + size < body:
                raise MediaError(_BROKEN_OFF)
            yield _Box(kind, body, start + size)
            start += size

    def read(self, box: _Box) -> bytes:
        self._file.seek(box.start)
        return self._file.read(min(box.end - box.start, _MOST_HEADER_BYTES))


def _movie_header(body: bytes) -> tuple[int, int]:
    """Ticks a second, and the length in ticks; 0 where it is not known, which is written as all ones."""
    if body[:1] == b"\1":
        per_second, length = _unpacked(">20xIQ", body)
        return per_second, 0 if length == 2**64 - 1 else length
    per_second, length = _unpacked(">12xII", body)
    return per_second, 0 if length == 2**32 - 1 else length


def _fragments_length(body: bytes) -> int:
    (length,) = _unpacked(">4xQ" if body[:1] == b"\1" else ">4xI", body)
    return int(length)


def _shown_size(body: bytes) -> tuple[int, int]:
    """Width and height, after the quarter turn that a telephone held upright writes into the matrix."""
    skipped = 52 if body[:1] == b"\1" else 40
    a, b, c, d, width, height = _unpacked(f">{skipped}xii4xii16xII", body)
    across, down = width >> 16, height >> 16
    return (down, across) if a == d == 0 and b and c else (across, down)


def _unpacked(layout: str, body: bytes) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(layout, body)
    except struct.error:
        raise MediaError(_BROKEN_OFF) from None
