"""What a rebuild would change: so what is missing, stale or left over. Nothing is written."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pipeline.platforms.site.article import ArticleState, SiteConfig
from pipeline.platforms.site.folder import PAGE, SiteFolder
from pipeline.platforms.site.rebuild import Progress, rebuild
from pipeline.platforms.site.storage import HIDDEN, Storage

_NOT_OURS: Final = ("media/",)
_HALF_PUBLISHED: Final = "is half published; its next attempt completes it"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file; `path` is inside the site."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Glance:
    """How many articles there are of each kind, and what is wrong with the pages of those that are live."""

    live: int
    half_published: int
    taken_down: int
    last_published_at: datetime | None
    problems: list[Problem]


@dataclass(slots=True)
class Report:
    """`problems` are mended by a rebuild, unless they say otherwise; `strays` are files that are not of the site."""

    problems: list[Problem] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


def glance(folder: SiteFolder) -> Glance:
    """From the records alone, and whether each has its page. Raises: OSError, RecordError."""
    articles = folder.articles()
    of = {state: [article for article in articles if article.state is state] for state in ArticleState}
    live = of[ArticleState.LIVE]
    lost = [f"{article.slug}/{PAGE}" for article in live if not folder.has_page(article.slug)]
    problems = [Problem(path, "is missing") for path in lost]
    problems += [Problem(f"{article.slug}/", _HALF_PUBLISHED) for article in of[ArticleState.PUBLISHING]]
    return Glance(
        live=len(live),
        half_published=len(of[ArticleState.PUBLISHING]),
        taken_down=len(of[ArticleState.GONE]),
        last_published_at=max((article.published_at for article in live), default=None),
        problems=problems,
    )


def check(folder: SiteFolder, config: SiteConfig, report: Report) -> Iterator[Progress]:
    """Fill in the report; it is whole once the iterator has ended. Needs no lock, and sees a publication under way as
    unfinished.

    Raises: OSError, RecordError.
    """
    rehearsal = _Rehearsal(folder.storage, report.problems)
    yield from rebuild(SiteFolder("", rehearsal), config, with_new_related=False)
    for article in folder.articles():
        path = f"{article.slug}/"
        if article.state is ArticleState.PUBLISHING:
            report.problems.append(Problem(path, _HALF_PUBLISHED))
        elif article.state is ArticleState.LIVE and not rehearsal.has_copy(article.slug):
            message = "stays as it is in a rebuild: its text is not kept until it is next updated"
            report.problems.append(Problem(path, message))
    report.strays += sorted(path for path in folder.storage.files() if rehearsal.is_stray(path))


class _Rehearsal:
    """A storage that only pretends to be written to, and tells what would have changed."""

    excludes_others = True

    def __init__(self, storage: Storage, problems: list[Problem]) -> None:
        self._storage = storage
        self._problems = problems
        self._pretended: dict[str, bytes | None] = {}
        self._of_the_site: set[str] = set()

    def locked(self, timeout_seconds: float) -> AbstractContextManager[None]:
        return self._storage.locked(timeout_seconds)

    def read(self, path: str) -> bytes | None:
        return self._pretended[path] if path in self._pretended else self._storage.read(path)

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        asked = list(paths)
        found: dict[str, bytes | None] = dict(self._storage.read_all(path for path in asked))
        found |= {path: self._pretended[path] for path in asked if path in self._pretended}
        return {path: content for path, content in found.items() if content is not None}

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder}/"
        added = (
            path.removeprefix(prefix).partition("/")[0]
            for path, content in self._pretended.items()
            if content is not None and path.startswith(prefix)
        )
        return list({*self._storage.names(folder), *added})

    def exists(self, path: str) -> bool:
        if path in self._pretended:
            return self._pretended[path] is not None
        return self._storage.exists(path)

    def files(self) -> Iterator[str]:
        return self._storage.files()

    def write(self, path: str, content: bytes) -> bool:
        self._of_the_site.add(path)
        standing = self.read(path)
        if standing == content:
            return False
        self._pretend(path, content, "is missing" if standing is None else "is not what the records say")
        return True

    def create(self, path: str, content: bytes) -> bool:
        self._of_the_site.add(path)
        if self.exists(path):
            return False
        self._pretend(path, content, "is missing")
        return True

    def remove(self, path: str) -> bool:
        if not self.exists(path):
            return False
        self._pretend(path, None, "should be gone")
        return True

    def is_writable(self) -> bool:
        return self._storage.is_writable()

    def has_copy(self, slug: str) -> bool:
        return SiteFolder("", self).copy(slug) is not None

    def is_stray(self, path: str) -> bool:
        return path not in self._of_the_site and not path.startswith((f"{HIDDEN}/", *_NOT_OURS))

    def _pretend(self, path: str, content: bytes | None, message: str) -> None:
        self._pretended[path] = content
        self._problems.append(Problem(path, message))
