"""What lists articles: the archive, and one listing for each topic.

An article's place in a listing is a number that is never given again; pages are cut at fixed numbers, so what stands on
a page stays there. The newest page keeps growing until it holds enough for two, so that it never opens with one line.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

PAGE_SIZE: Final = 50
"""Places on a page. The newest page has from this many to just under twice as many, once there are so many."""


class Listing(BaseModel):
    """The archive, or a topic. `name` is also its folder: `archive`, `tags/cast-iron`."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str

    @property
    def path(self) -> str:
        """Of its newest page, inside the site."""
        return f"{self.name}/"

    def page_path(self, number: int, newest: int) -> str:
        """Where a page is, inside the site. 1 is the oldest; the newest moves on from the listing's own address to its
        number once the next one begins.
        """
        return self.path if number == newest else f"{self.path}{number}/"


class Entry(BaseModel):
    """What a list, the feeds and the sitemap show of an article."""

    model_config = ConfigDict(frozen=True)

    slug: str
    title: str
    excerpt: str
    author: str | None
    language: str
    canonical_url: str
    tags: tuple[Listing, ...]
    image_url: str | None
    image_alt: str
    image_width: int | None
    image_height: int | None
    published_at: AwareDatetime
    modified_at: AwareDatetime


ARCHIVE: Final = Listing(name="archive", title="Archive")


def newest_page(total: int) -> int:
    """The number of the newest page of a listing that has given out so many places."""
    return max(1, total // PAGE_SIZE)


def page_of(place: int, total: int) -> int:
    """The page that shows a place, counted from 0."""
    return min(place // PAGE_SIZE + 1, newest_page(total))


def places_on(number: int, total: int) -> range:
    """The places that a page shows, oldest first."""
    first = (number - 1) * PAGE_SIZE
    return range(first, total if number == newest_page(total) else first + PAGE_SIZE)


def places_back(total: int) -> Iterator[range]:
    """The places of each page, from the newest page to the oldest."""
    return (places_on(number, total) for number in range(newest_page(total), 0, -1))
