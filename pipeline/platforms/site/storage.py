"""Where a site's files are: a folder of this machine, or one in any store that fsspec reaches."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
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


def open_storage(address: str) -> Storage:
    """What is behind an address that `check_address` let pass."""
    from pipeline.platforms.site.local import LocalFolder

    if "://" not in address:
        return LocalFolder(Path(address))
    from upath import UPath

    from pipeline.platforms.site.remote import RemoteFolder

    if address.partition("://")[0] in {"file", "local"}:
        return LocalFolder(Path(UPath(address).path))
    # A store's listing is asked for each time: a place in a list is free or taken now, not a minute ago.
    return RemoteFolder(UPath(address, use_listings_cache=False))


def check_address(address: str) -> str:
    """The address, if a site can be kept there. Raises: ValueError, for the person who set it."""
    scheme, found, _ = address.partition("://")
    if not found:
        if not Path(address).is_absolute():
            raise ValueError(f"must be an absolute path, not {address!r}")
        return address
    import fsspec

    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise ValueError(f"needs a package that is not installed: {error}") from None
    except ValueError:
        raise ValueError(f"is at {scheme!r}, which fsspec does not know") from None
    return address
