"""What a site needs of the place where its files are."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol

HIDDEN: Final = ".pressroom"
"""What lies in it is ours, and nobody is served it."""


class FolderBusyError(Exception):
    """Another publisher held the site's lock for the whole time we were ready to wait."""


class RecordError(Exception):
    """What the site keeps of an article can't be understood; somebody edited it."""


class Storage(Protocol):
    """Files by their path inside the site. Each is whole or not there; readers never see half of one.

    Every method raises OSError where the folder can't be written or read.
    """

    @property
    def excludes_others(self) -> bool:
        """Whether `locked` keeps out every other writer, not only those of this process."""

    def locked(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Be the only writer. Raises: FolderBusyError."""

    def read(self, path: str) -> bytes | None: ...

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Those of the files that are there, by path."""

    def names(self, folder: str) -> list[str]:
        """Of what is directly in a folder, in any order; of a folder that is not there, none."""

    def exists(self, path: str) -> bool: ...

    def files(self) -> Iterator[str]:
        """The path of every file."""

    def write(self, path: str, content: bytes) -> bool:
        """Put a file in place in one step; False where it read the same already and was left alone."""

    def create(self, path: str, content: bytes) -> bool:
        """Put a file in place unless one is there; False where one is."""

    def remove(self, path: str) -> bool:
        """False where there was none."""

    def is_writable(self) -> bool:
        """Whether we may write to it, or create it where it isn't yet."""
