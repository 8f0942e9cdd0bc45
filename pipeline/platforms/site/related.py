"""Which articles a page leads to: those that share its topics, rarest topics first."""

from collections import defaultdict
from typing import Final

from pipeline.platforms.site.article import Article
from pipeline.platforms.site.folder import SiteFolder
from pipeline.platforms.site.listing import Entry

_MOST: Final = 4
_LOOKED_AT: Final = 100
"""Of a topic's places, the newest; so the cost does not grow with the site."""


def related_to(folder: SiteFolder, article: Article) -> tuple[str, ...]:
    """Their slugs, best first.

    Each shared topic counts 1 / (articles it ever had), so a rare one outweighs many common ones; the newer of equals
    comes first.

    Raises: RecordError.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    entries: dict[str, Entry] = {}
    for topic in article.tags:
        total = folder.places.total(topic.name)
        for place in folder.places.on(topic.name, range(max(0, total - _LOOKED_AT), total)).values():
            if place.entry and place.entry.slug != article.slug:
                entries[place.entry.slug] = place.entry
                weights[place.entry.slug] += 1 / total
    best = sorted(entries.values(), key=lambda entry: (weights[entry.slug], entry.published_at), reverse=True)
    return tuple(entry.slug for entry in best[:_MOST])
