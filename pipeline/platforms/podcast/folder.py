"""A show's files in a folder of this machine, which a web server serves: whole files or none, one writer at a time.

A file is written beside its place, brought to the disk, and put in its place by one rename. Whatever kills the writer,
a reader finds the old file or the new one.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.platforms.base import NotSent, PlatformError, Unknown
from pipeline.platforms.durable import sync_folder
from pipeline.platforms.failures import CallError
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.podcast.storage import ChangedMeanwhileError, Stored
from pipeline.vocabulary import ErrorKind

_HIDDEN: Final = ".pressroom"
_POLL_SECONDS: Final = 0.02


class Folder:
    """A folder that is there: one that is not may be a disk that is not mounted, and is not made."""

    def __init__(self, root: Path, timeout_seconds: float) -> None:
        self._root = root
        self._timeout_seconds = timeout_seconds
        self._scratch = root / _HIDDEN / "half-written"  # one for all: what a killed writer left is overwritten

    def read(self, name: str) -> Stored | None:
        self._require_folder()
        with _certainly_unchanged():
            return self._stored(name)

    def replace(self, name: str, content: bytes, mime_type: str, expected: Stored | None) -> None:
        del mime_type  # the web server tells it by the name
        with self._locked():
            with _certainly_unchanged():
                there = self._stored(name)
                if (there and there.version) != (expected and expected.version):
                    raise ChangedMeanwhileError
            self._write(name, [content])

    def put(self, name: str, file: LocalMedia) -> None:
        with self._locked():
            self._write(name, file.chunks(0, file.size))

    def sizes(self, folder: str) -> Mapping[str, int]:
        self._require_folder()
        with _certainly_unchanged():
            try:
                return {f"{folder}/{path.name}": path.stat().st_size for path in (self._root / folder).iterdir()}
            except (FileNotFoundError, NotADirectoryError):
                return {}

    def remove(self, name: str) -> None:
        target = self._root / name
        with self._locked(), _perhaps_changed():
            target.unlink(missing_ok=True)
            if target.parent.is_dir():
                sync_folder(target.parent)
                _remove_empty(target.parent)

    def check(self) -> None:
        self._require_folder()
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise _failure(ErrorKind.AUTH, "it can't be written to")

    def _write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Needs the lock."""
        target = self._root / name
        with _certainly_unchanged():
            _make(target.parent)
            with self._scratch.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        with _perhaps_changed():
            os.replace(self._scratch, target)  # noqa: PTH105 - the name of the system call this rests on
            sync_folder(target.parent)

    def _stored(self, name: str) -> Stored | None:
        try:
            content = (self._root / name).read_bytes()
        except FileNotFoundError:
            return None
        return Stored(content, hashlib.sha256(content).hexdigest())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Be the only writer. The system frees the lock when its holder dies, however it dies."""
        self._require_folder()
        deadline = time.monotonic() + self._timeout_seconds
        with _certainly_unchanged():
            _make(self._scratch.parent)
            lock = (self._root / _HIDDEN / "lock").open("a")
        with lock:
            while not _taken(lock.fileno()):
                if time.monotonic() >= deadline:
                    raise _failure(ErrorKind.UNAVAILABLE, "another publisher is still writing to it")
                time.sleep(_POLL_SECONDS)
            yield

    def _require_folder(self) -> None:
        """Raises: CallError."""
        if not self._root.is_dir():
            raise _failure(ErrorKind.UNAVAILABLE, "it is not there")


def _failure(kind: ErrorKind, why: str) -> CallError:
    return CallError(NotSent(PlatformError(kind, f"the show's folder can't be used: {why}")))


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _certainly_unchanged() -> Iterator[None]:
    """A failure in here comes before the step that readers would see. Raises: CallError."""
    try:
        yield
    except OSError as error:
        raise CallError(NotSent(_error(error))) from None


@contextmanager
def _perhaps_changed() -> Iterator[None]:
    """Raises: CallError."""
    try:
        yield
    except OSError as error:
        raise CallError(Unknown(_error(error))) from None


def _error(error: OSError) -> PlatformError:
    reason = error.strerror or type(error).__name__
    return PlatformError(ErrorKind.UNAVAILABLE, f"the show's folder could not be read or written: {reason}")


def _make(folder: Path) -> None:
    """The folder and those it is in, durably."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # it is not empty, or somebody else removed it
        return
    sync_folder(folder.parent)
