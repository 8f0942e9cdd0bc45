"""A site in a folder of a POSIX file system: durable, and with one writer at a time."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.platforms.durable import sync_folder
from pipeline.platforms.site.storage import HIDDEN, FolderBusyError

_POLL_SECONDS: Final = 0.02


class LocalFolder:
    """What is written is on the disk, name and all, when `write` returns."""

    excludes_others: Final = True

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = root / HIDDEN / "tmp"

    @contextmanager
    def locked(self, timeout_seconds: float) -> Iterator[None]:
        """The system frees the lock when its holder dies, however it dies."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + timeout_seconds
        with (self._root / HIDDEN / "lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise FolderBusyError from None
                    time.sleep(_POLL_SECONDS)
                else:
                    break
            yield

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        found = ((path, self.read(path)) for path in paths)
        return {path: content for path, content in found if content is not None}

    def names(self, folder: str) -> list[str]:
        try:
            return os.listdir(self._root / folder)  # noqa: PTH208 - names, not a Path for each of thousands
        except FileNotFoundError:
            return []

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    def files(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._root):
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self._root)  # noqa: PTH118 - as above

    def write(self, path: str, content: bytes) -> bool:
        """Needs the lock."""
        if self.read(path) == content:
            return False
        self._put(path, content)
        return True

    def create(self, path: str, content: bytes) -> bool:
        """Needs the lock."""
        if self.exists(path):
            return False
        self._put(path, content)
        return True

    def remove(self, path: str) -> bool:
        """Needs the lock."""
        target = self._root / path
        try:
            target.unlink()
        except FileNotFoundError:
            return False
        sync_folder(target.parent)
        return True

    def is_writable(self) -> bool:
        standing = next(path for path in (self._root, *self._root.parents) if path.exists())
        return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)

    def _put(self, path: str, content: bytes) -> None:
        target = self._root / path
        made = _make(target.parent)
        half_written = self._scratch / "file"  # one name for all: what a killed writer left is overwritten
        with half_written.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half_written, target)  # noqa: PTH105 - the name of the system call this rests on
        for folder in (target.parent, *made):
            sync_folder(folder)


def _make(folder: Path) -> list[Path]:
    """Make a folder with its parents; those whose own contents changed by it."""
    if folder.is_dir():
        return []
    above = _make(folder.parent)
    folder.mkdir(exist_ok=True)
    return [folder.parent, *above]
