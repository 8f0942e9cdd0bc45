"""A site in a store that fsspec reaches: each put is whole or not there, and nothing keeps other machines out.

Of one account the engine runs one publication at a time, under a lease; so there is one writer, but for one that was
frozen beyond its lease and wakes. Such a one takes nobody's place in a list, since places are created and never
overwritten, and no list is kept as a file that is read, changed and written back. What it can do is put an older state
of a page in place of a newer; lists it then writes again from what stands (see `build.write_lists`), and an article
changed meanwhile is told by `pressroom site check`.
"""

import errno
import mimetypes
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pipeline.platforms.site.storage import HIDDEN, FolderBusyError

if TYPE_CHECKING:
    from upath import UPath

_ours: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)
"""By address: the writers of this process."""
_CONTENT_TYPE: Final = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}
"""What a store calls a file's type, where it has to be told for a browser to show a page and not to save it.

Source: the arguments of `pipe_file` of s3fs and gcsfs.
"""


class RemoteFolder:
    """Under a `UPath`; credentials are the store's own business (environment, instance role)."""

    excludes_others: Final = False

    def __init__(self, root: "UPath") -> None:
        self._store = root.fs
        self._root = str(root.path).rstrip("/")
        self._address = str(root)
        self._type_argument = _CONTENT_TYPE.get(root.protocol)

    @contextmanager
    def locked(self, timeout_seconds: float) -> Iterator[None]:
        lock = _ours[self._address]
        if not lock.acquire(timeout=timeout_seconds):
            raise FolderBusyError
        try:
            yield
        finally:
            lock.release()

    def read(self, path: str) -> bytes | None:
        return self.read_all([path]).get(path)

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        """All at once where the store can."""
        asked = {self._full(path): path for path in paths}
        if not asked:
            return {}
        with _told():
            answers: dict[str, Any] = self._store.cat(list(asked), on_error="return")
            for answer in answers.values():
                if isinstance(answer, Exception) and not isinstance(answer, FileNotFoundError):
                    raise answer
        return {asked[full]: answer for full, answer in answers.items() if isinstance(answer, bytes)}

    def names(self, folder: str) -> list[str]:
        with _told():
            try:
                found = self._store.ls(self._full(folder), detail=False)
            except FileNotFoundError:
                return []
        return [each.rstrip("/").rpartition("/")[2] for each in found]

    def exists(self, path: str) -> bool:
        with _told():
            return bool(self._store.isfile(self._full(path)))

    def files(self) -> Iterator[str]:
        with _told():
            found = self._store.find(self._root)
        yield from (each.removeprefix(f"{self._root}/") for each in found)

    def write(self, path: str, content: bytes) -> bool:
        if self.read(path) == content:
            return False
        with _told():
            self._store.pipe_file(self._full(path), content, **self._typed(path))
        return True

    def create(self, path: str, content: bytes) -> bool:
        with _told():
            try:
                self._store.pipe_file(self._full(path), content, mode="create", **self._typed(path))
            except Exception:
                if self.exists(path):  # each store has an error of its own for this
                    return False
                raise
        return True

    def remove(self, path: str) -> bool:
        with _told():
            try:
                self._store.rm_file(self._full(path))
            except FileNotFoundError:
                return False
        return True

    def is_writable(self) -> bool:
        """Asked by writing: a store tells of its permissions in no other way."""
        try:
            self.write(f"{HIDDEN}/writable", b"")
        except PermissionError:
            return False
        return True

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _typed(self, path: str) -> dict[str, str]:
        guessed, _ = mimetypes.guess_type(path)
        return {self._type_argument: guessed} if self._type_argument and guessed else {}


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a store's library raises, as an OSError that tells it."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, f"the store answered {type(error).__name__}: {error}") from error
