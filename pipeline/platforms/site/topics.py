"""The topics that have a listing of their own, one for each keyword."""

from collections.abc import Iterable
from itertools import count
from typing import Final

from slugify import slugify

from pipeline.platforms.site.listing import ARCHIVE, Listing
from pipeline.platforms.site.storage import HIDDEN, Storage

INDEX: Final = "tags"
_FOLDER: Final = f"{HIDDEN}/listings"
_LONGEST_SLUG: Final = 80


class Topics:
    """Keywords that differ only in case or spacing are one topic. What else would share an address is numbered, in the
    order in which it came: C is at `tags/c/`, and C++ at `tags/c-2/`.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, keywords: Iterable[str]) -> tuple[Listing, ...]:
        """The keywords' topics, each once. Needs the lock: one that is new is given its address for good."""
        return tuple(dict.fromkeys(self._of(keyword) for keyword in keywords))

    def listing(self, name: str) -> Listing:
        """A topic, or the archive, by the name of its listing."""
        if name == ARCHIVE.name:
            return ARCHIVE
        title = self._storage.read(_title_path(name))
        return Listing(name=name, title=title.decode() if title else name.removeprefix(f"{INDEX}/"))

    def names(self) -> list[str]:
        return [f"{INDEX}/{name}" for name in sorted(self._storage.names(f"{_FOLDER}/{INDEX}"))]

    def _of(self, keyword: str) -> Listing:
        base = f"{INDEX}/{slugify(keyword, max_length=_LONGEST_SLUG, word_boundary=True) or 'topic'}"
        for number in count(1):
            name = base if number == 1 else f"{base}-{number}"
            if self._storage.create(_title_path(name), keyword.encode()):
                break
            found = self.listing(name)
            if _key(found.title) == _key(keyword):
                return found
        return Listing(name=name, title=keyword)


def _key(keyword: str) -> str:
    return " ".join(keyword.casefold().split())


def _title_path(name: str) -> str:
    return f"{_FOLDER}/{name}/title"
