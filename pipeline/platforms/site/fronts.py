"""What is about the site as a whole: front page, topics, feeds, sitemap. Needs the folder's lock."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from pipeline.platforms.site import feed, pages, rss, sitemap
from pipeline.platforms.site.article import SiteConfig
from pipeline.platforms.site.folder import PAGE, SiteFolder
from pipeline.platforms.site.listing import ARCHIVE, Entry, Listing, places_back
from pipeline.platforms.site.places import PART, Place
from pipeline.platforms.site.topics import INDEX

_NEWEST: Final = 25
"""Articles on the front page and in the feeds; the archive lists all."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_fronts(folder: SiteFolder, config: SiteConfig) -> None:
    """Front page, topics, the page for what is not there, feeds, robots.txt and IndexNow's key.

    Raises: OSError, RecordError.
    """
    places, more = _newest(folder)
    entries = [place.entry for place in places if place.entry]
    changed_at = max((place.changed_at for place in places), default=_NEVER)
    newest = entries[:_NEWEST]
    folder.write(PAGE, pages.front_page(config, newest, more=more or len(entries) > _NEWEST))
    if not folder.has_record(INDEX):  # an article may be there, from before its address was the topics'
        folder.write(f"{INDEX}/{PAGE}", pages.tags_page(config, _topics(entries)))
    folder.write("404.html", pages.not_found_page(config))
    folder.write(feed.PATH, feed.atom(config, newest, changed_at))
    folder.write(rss.PATH, rss.rss(config, newest, changed_at))
    folder.write(sitemap.SITE_PART, sitemap.site_part(config, changed_at))
    folder.write("robots.txt", sitemap.robots_txt(config))
    if config.indexnow_key:
        folder.write(f"{config.indexnow_key}.txt", config.indexnow_key.encode())


def write_sitemap(folder: SiteFolder, config: SiteConfig, place: int | None) -> None:
    """The part that has an article's place in the archive, or without one every part; and the index.

    Raises: OSError, RecordError.
    """
    known = sitemap.changes(config, folder.storage.read(sitemap.PATH))
    front = sitemap.changes(config, folder.storage.read(sitemap.SITE_PART))
    parts = {sitemap.SITE_PART: front.get("", _NEVER)}
    for number in range(-(-folder.places.total(ARCHIVE.name) // PART)):
        path = sitemap.part_path(number + 1)
        if place is None or number == place // PART or path not in known:
            known[path] = _write_part(folder, config, number)
        parts[path] = known[path]
    folder.write(sitemap.PATH, sitemap.index(config, parts))


def _write_part(folder: SiteFolder, config: SiteConfig, number: int) -> datetime:
    """When it last changed."""
    places = folder.places.on(ARCHIVE.name, range(number * PART, (number + 1) * PART)).values()
    folder.write(sitemap.part_path(number + 1), sitemap.part(config, (place.entry for place in places if place.entry)))
    return max((place.changed_at for place in places), default=_NEVER)


def _newest(folder: SiteFolder) -> tuple[list[Place], bool]:
    """The newest page's places and, where too many were left, older pages' as well, newest first; whether there are
    pages beyond.
    """
    found: list[Place] = []
    pages_back = list(places_back(folder.places.total(ARCHIVE.name)))
    for looked_at, numbers in enumerate(pages_back, start=1):
        found += reversed(folder.places.on(ARCHIVE.name, numbers).values())
        if sum(place.entry is not None for place in found) >= _NEWEST:
            return found, looked_at < len(pages_back)
    return found, False


def _topics(entries: list[Entry]) -> list[Listing]:
    """The topics of the newest articles, most frequent first. All topics would be as many as there are articles."""
    counts = Counter(tag for entry in entries for tag in entry.tags)
    return sorted(counts, key=lambda tag: (-counts[tag], tag.name))
