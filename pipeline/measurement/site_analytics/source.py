"""What the analytics of a site are asked: the days of many pages, in few calls.

All of them are read as saying the same, in one unit each; where one does not tell a figure, it is None:

- views: how often the page was shown.
- unique visitors: how many people, or browsers, saw it that day.
- time on page: seconds, the mean over its views, or over the visits that saw it, by what the vendor counts.
- bounce rate: of the visits that began with this page, the fraction that saw no other.
- scroll depth: how far down it was seen, as a fraction of its height, the mean over visits or views.

Definitions differ from vendor to vendor (docs/site-analytics.md has them), so that figures of two are not compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from pipeline.platforms.base import PlatformError, PlatformUnavailableError
from pipeline.platforms.offer import Setting
from pipeline.vocabulary import ErrorKind


@dataclass(frozen=True, slots=True)
class PageDay:
    """One page's readers on one day. Rates are fractions of 1; None is not known.

    `path` may be spelled as the vendor has it; `entries` is how many visits began there, which the bounce rate is of.
    """

    path: str
    date: date
    views: int
    unique_visitors: int | None = None
    avg_time_on_page: float | None = None
    entries: int | None = None
    bounce_rate: float | None = None
    scroll_depth_avg: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was told. A page without a day had no view on it, unless that day is among the `incomplete` ones: of those
    the vendor kept something to itself. `garbled` are the pages, as they were spelled, and days whose figures are none.
    """

    days: Sequence[PageDay]
    incomplete: frozenset[date] = frozenset()
    garbled: frozenset[tuple[str, date]] = frozenset()


class Source(Protocol):
    """The analytics of one site. A source inherits from this.

    Attributes:
        title: the vendor's name for people.
        settings: what a source's `config` may hold.
        secrets: what its credentials hold; none where it needs none.
        restates: for how many days the vendor still changes a day's figures.
    """

    title: ClassVar[str]
    settings: ClassVar[Sequence[Setting]]
    secrets: ClassVar[Sequence[Setting]] = ()
    restates: ClassVar[int] = 3

    def read(self, pages: Sequence[str], first: date, last: date) -> Reading:
        """The days from `first` to `last`, both included, of the pages at these addresses, and maybe of others.

        Raises:
            PlatformUnavailableError: it could not be asked, or what came is not to be understood.
        """
        ...


def days_of(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def plain_path(address: str) -> str:
    """The page's path, whole addresses too, in one spelling: decoded, without query, `index.html` and last slash."""
    try:
        path = urlsplit(address).path
    except ValueError:
        path = address
    return "/" + unquote(path).removesuffix("/index.html").strip("/")


def spellings(address: str) -> list[str]:
    """How a vendor may have written the path of a page down: with the slash at its end, and without."""
    path = urlsplit(address).path.rstrip("/")
    return [f"{path}/", path] if path else ["/"]


def host_of(pages: Sequence[str]) -> str | None:
    """The one host that all the pages are on; None where there is no such."""
    hosts = {urlsplit(page).hostname for page in pages}
    return hosts.pop() if len(hosts) == 1 else None


def in_one_spelling(days: Iterable[PageDay]) -> dict[tuple[str, date], PageDay]:
    """By path and day, with the spellings of one page's address made one.

    Views add up. So do visitors, which then are an upper bound: who saw the page under both addresses counts twice.
    Means are weighted by what they are means of.
    """
    found: dict[tuple[str, date], list[PageDay]] = {}
    for day in days:
        found.setdefault((plain_path(day.path), day.date), []).append(day)
    return {(path, at): _joined(path, parts) for (path, at), parts in found.items()}


def _joined(path: str, parts: Sequence[PageDay]) -> PageDay:
    views = [part.views for part in parts]
    entries = [part.entries for part in parts]
    return PageDay(
        path=path,
        date=parts[0].date,
        views=sum(views),
        unique_visitors=_total([part.unique_visitors for part in parts]),
        avg_time_on_page=_mean([part.avg_time_on_page for part in parts], views),
        entries=_total(entries),
        bounce_rate=_mean([part.bounce_rate for part in parts], [each or 0 for each in entries]),
        scroll_depth_avg=_mean([part.scroll_depth_avg for part in parts], views),
    )


def _total(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    if len(values) == 1:
        return values[0]
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None and weight]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def misunderstood(what: str) -> PlatformUnavailableError:
    """For an answer that is not what it should be."""
    return PlatformUnavailableError(PlatformError(ErrorKind.PROTOCOL, what))
