"""The places that articles have in a listing: one small file each, created and never given to another article.

So nobody reads a list, changes it and writes it back, and no two writers can lose each other's entry.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pipeline.platforms.site.listing import Entry
from pipeline.platforms.site.storage import HIDDEN, RecordError, Storage

PART: Final = 500
"""Places in one folder, and addresses in one part of the sitemap. The protocol's 50,000 is its limit and no aim: what
changes with each article is written again each time."""
_FOLDER: Final = f"{HIDDEN}/listings"


class Place(BaseModel):
    """What stands in a place; `entry` is None once its article has left the listing."""

    model_config = ConfigDict(frozen=True)

    entry: Entry | None
    changed_at: AwareDatetime


class Places:
    """Of every listing of a site. Writing needs the folder's lock."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def total(self, listing: str) -> int:
        """How many places a listing has given out, those that were left included."""
        parts = self._numbers(f"{_FOLDER}/{listing}")
        if not parts:
            return 0
        newest = self._numbers(f"{_FOLDER}/{listing}/{_part(max(parts))}")
        return max(newest) + 1 if newest else max(parts) * PART

    def on(self, listing: str, numbers: Iterable[int]) -> dict[int, Place]:
        """What stands in those of the places that were ever taken. Raises: RecordError."""
        paths = {_path(listing, number): number for number in numbers}
        found = self._storage.read_all(paths)
        return {paths[path]: _read(path, content) for path, content in sorted(found.items())}

    def take(self, listing: str, number: int, entry: Entry) -> bool:
        """Stand in a place, as before where it is this article's; False where it is or was another's."""
        place = Place(entry=entry, changed_at=entry.modified_at)
        if self._storage.create(_path(listing, number), _bytes(place)):
            return True
        standing = self.on(listing, [number])[number].entry
        if standing is None or standing.slug != entry.slug:
            return False
        self._storage.write(_path(listing, number), _bytes(place))
        return True

    def leave(self, listing: str, number: int, slug: str, at: AwareDatetime) -> None:
        """Empty a place for good, if it is this article's."""
        standing = self.on(listing, [number]).get(number)
        if standing and standing.entry and standing.entry.slug == slug:
            self._storage.write(_path(listing, number), _bytes(Place(entry=None, changed_at=at)))

    def _numbers(self, folder: str) -> list[int]:
        stems = (name.removesuffix(".json") for name in self._storage.names(folder))
        return [int(stem) for stem in stems if stem.isdecimal()]


def _part(number: int) -> str:
    return f"{number:05d}"


def _path(listing: str, number: int) -> str:
    return f"{_FOLDER}/{listing}/{_part(number // PART)}/{number:07d}.json"


def _bytes(place: Place) -> bytes:
    return place.model_dump_json().encode()


def _read(path: str, content: bytes) -> Place:
    try:
        return Place.model_validate_json(content)
    except ValidationError as error:
        raise RecordError(
            f"The place {path.removeprefix(_FOLDER)[1:]} can't be read: {error.error_count()} fields are wrong."
        ) from None
