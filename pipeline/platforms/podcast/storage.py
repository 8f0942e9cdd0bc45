"""Where a show's files are kept, and served from. A write is whole or not at all, whatever happens to the writer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.platforms.media.source import LocalMedia


class ChangedMeanwhileError(Exception):
    """The file is no longer the version that was read; nothing was written."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it was read; `version` is the storage's name for exactly these bytes."""

    content: bytes
    version: str


class Storage(Protocol):
    """Names are relative, with slashes between. Safe to use from several threads and by several machines.

    Every method raises CallError; that of a method that writes tells what became of the write.
    """

    def read(self, name: str) -> Stored | None:
        """None where there is certainly no such file."""
        ...

    def replace(self, name: str, content: bytes, mime_type: str, expected: Stored | None) -> None:
        """Put the content in the place of what was read, in one step; None is a file that was not there.

        Raises:
            ChangedMeanwhileError: somebody else wrote it since.
        """
        ...

    def put(self, name: str, file: LocalMedia) -> None:
        """Store a file under a name that is given to no other bytes."""
        ...

    def sizes(self, folder: str) -> Mapping[str, int]:
        """The size in bytes of each file in a folder, by its whole name; empty where there is no such folder."""
        ...

    def remove(self, name: str) -> None:
        """A file that is gone already is fine."""
        ...

    def check(self) -> None:
        """Whether the files can be read, by a call without effect."""
        ...
