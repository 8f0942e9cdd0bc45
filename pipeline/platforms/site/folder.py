"""The site's folder: whole files or none, one writer at a time, and the article records."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from pipeline.platforms.durable import sync_folder
from pipeline.platforms.site.article import Article

HIDDEN: Final = ".pressroom"
PAGE: Final = "index.html"
TOMBSTONE: Final = "410.html"
"""Stands in a folder in place of its page once it is taken down. In nginx:
`if (-f $document_root$uri/410.html) { return 410; }`."""
_POLL_SECONDS: Final = 0.02


class FolderBusyError(Exception):
    """Another publisher held the site's lock for the whole time we were ready to wait."""


class RecordError(Exception):
    """An article record can't be understood; somebody edited it."""


class SiteFolder:
    """A folder of files on a POSIX file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._scratch = root / HIDDEN / "tmp"
        self._records = root / HIDDEN / "records"

    @contextmanager
    def locked(self, timeout_seconds: float) -> Iterator[None]:
        """Be the only writer. The system frees the lock when its holder dies, however it dies.

        Raises: FolderBusyError, OSError.
        """
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._records.mkdir(exist_ok=True)
        deadline = time.monotonic() + timeout_seconds
        with (self.root / HIDDEN / "lock").open("a") as lock:
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

    def write(self, path: str, content: bytes) -> None:
        """Put a file in place in one step, durably; one that reads the same already is left alone. Needs the lock."""
        target = self.root / path
        if self._holds(target, content):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        half_written = self._scratch / "file"  # one name for all: what a killed writer left is overwritten
        with half_written.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half_written, target)  # noqa: PTH105 - the name of the system call this rests on
        sync_folder(target.parent)

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is fine. Needs the lock."""
        target = self.root / path
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            sync_folder(target.parent)

    def has_page(self, slug: str) -> bool:
        return (self.root / slug / PAGE).is_file()

    def save(self, article: Article) -> None:
        """Needs the lock."""
        self.write(f"{HIDDEN}/records/{article.slug}.json", article.model_dump_json(indent=1).encode())

    def article(self, slug: str) -> Article | None:
        """Raises: RecordError."""
        try:
            return _read(self._records / f"{slug}.json")
        except FileNotFoundError:
            return None

    def articles(self) -> list[Article]:
        """Every article there ever was. Raises: RecordError."""
        return [_read(path) for path in self._records.glob("*.json")]

    def is_writable(self) -> bool:
        """Whether we may write to it, or create it where it isn't yet."""
        standing = next(path for path in (self.root, *self.root.parents) if path.exists())
        return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)

    @staticmethod
    def _holds(target: Path, content: bytes) -> bool:
        try:
            return target.read_bytes() == content
        except FileNotFoundError:
            return False


def _read(path: Path) -> Article:
    try:
        return Article.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RecordError(
            f"The article record {path.name} can't be read: {error.error_count()} fields are wrong."
        ) from None
