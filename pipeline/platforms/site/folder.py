"""What a site keeps beside its pages: the record and the text of each article, its topics, who leads to whom."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.platforms.site.addresses import open_storage
from pipeline.platforms.site.article import Article, Copy
from pipeline.platforms.site.listing import Listing
from pipeline.platforms.site.places import Places
from pipeline.platforms.site.storage import HIDDEN, FolderBusyError, RecordError, Storage
from pipeline.platforms.site.topics import Topics

__all__ = ["HIDDEN", "PAGE", "TOMBSTONE", "FolderBusyError", "RecordError", "SiteFolder"]

PAGE: Final = "index.html"
TOMBSTONE: Final = "410.html"
"""Stands in a folder in place of its page once it is taken down. In nginx:
`if (-f $document_root$uri/410.html) { return 410; }`."""
_RECORDS: Final = f"{HIDDEN}/records"
_COPIES: Final = f"{HIDDEN}/copies"
_RELATED: Final = f"{HIDDEN}/related"
_LAYOUT_FILE: Final = f"{HIDDEN}/layout"
_LAYOUT: Final = b"2"
"""1, which wrote no such file, kept records only, and wrote every list anew at each publication."""


_Kept = TypeVar("_Kept", bound=BaseModel)


class SiteFolder:
    """A site at a local path or in a store that fsspec reaches. Writing needs the lock."""

    def __init__(self, address: str | Path, storage: Storage | None = None) -> None:
        self.storage = storage or open_storage(str(address))
        self.locked = self.storage.locked
        self.exists = self.storage.exists
        self.places = Places(self.storage)
        self.topics = Topics(self.storage)
        self.writes = 0
        """How many files were changed through this object."""

    def write(self, path: str, content: bytes) -> None:
        self.writes += self.storage.write(path, content)

    def remove(self, path: str) -> None:
        self.writes += self.storage.remove(path)

    def has_page(self, slug: str) -> bool:
        return self.exists(f"{slug}/{PAGE}")

    def has_record(self, slug: str) -> bool:
        return self.exists(_record_path(slug))

    def save(self, article: Article) -> None:
        self.write(_record_path(article.slug), article.model_dump_json(indent=1).encode())

    def claim(self, article: Article) -> bool:
        """Save the first record of a slug; False where somebody else did."""
        return self.storage.create(_record_path(article.slug), article.model_dump_json(indent=1).encode())

    def article(self, slug: str) -> Article | None:
        """Raises: RecordError."""
        return next(iter(self.articles([slug])), None)

    def articles(self, slugs: Iterable[str] | None = None) -> list[Article]:
        """Those with a record among the slugs, in their order; without slugs, every article there ever was.

        Raises: RecordError.
        """
        paths = [_record_path(slug) for slug in (self.slugs() if slugs is None else slugs)]
        found = self.storage.read_all(paths)
        return [_read(path, found[path], Article) for path in paths if path in found]

    def slugs(self) -> list[str]:
        """Of every article there ever was."""
        names = self.storage.names(_RECORDS)
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def keep_copy(self, slug: str, copy: Copy) -> None:
        """Keep what the page is made of, so that it can be made again."""
        self.write(_copy_path(slug), copy.model_dump_json(indent=1).encode())

    def copy(self, slug: str) -> Copy | None:
        """Raises: RecordError."""
        content = self.storage.read(_copy_path(slug))
        return None if content is None else _read(_copy_path(slug), content, Copy)

    def drop_copy(self, slug: str) -> None:
        self.remove(_copy_path(slug))

    def note_related(self, article: Article) -> None:
        """Note at each article that this one's page leads to it."""
        for slug in article.related:
            self.storage.create(f"{_RELATED}/{slug}/{article.slug}", b"")

    def leading_to(self, slug: str) -> list[Article]:
        """The articles whose pages lead to a slug's. Raises: RecordError."""
        noted = self.articles(sorted(self.storage.names(f"{_RELATED}/{slug}")))
        return [article for article in noted if slug in article.related]

    def listing(self, name: str) -> Listing:
        """The listing of a name that is in a record's places."""
        return self.topics.listing(name)

    @property
    def is_of_this_layout(self) -> bool:
        return self.storage.read(_LAYOUT_FILE) == _LAYOUT

    def mark_layout(self) -> None:
        self.write(_LAYOUT_FILE, _LAYOUT)


def _record_path(slug: str) -> str:
    return f"{_RECORDS}/{slug}.json"


def _copy_path(slug: str) -> str:
    return f"{_COPIES}/{slug}.json"


def _read(path: str, content: bytes, kind: type[_Kept]) -> _Kept:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        name = path.rpartition("/")[2]
        kept = "article record" if kind is Article else "text"
        raise RecordError(f"The {kept} {name} can't be read: {error.error_count()} fields are wrong.") from None
