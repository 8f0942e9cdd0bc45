"""What Instagram takes of pictures and videos, which it fetches itself, so nothing can convert them on the way.

Source: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
"""

from collections.abc import Sequence
from typing import Final

from pipeline.platforms.content import Problem
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import MediaRule
from pipeline.platforms.media.source import MediaSource
from pipeline.vocabulary import MediaKind

PICTURES: Final = MediaRule(MediaKind.IMAGE, (rules.JPEG,), 8 * 1024 * 1024, most=10, aspect=(0.8, 1.91))
VIDEOS: Final = MediaRule(
    MediaKind.VIDEO, (rules.MP4, "video/quicktime"), 300_000_000, width=(1, 1920), seconds=(3, 15 * 60)
)
_RULES: Final = {rule.kind: rule for rule in (PICTURES, VIDEOS)}
_MOST_ITEMS: Final = 10
_MOST_ALT_TEXT: Final = 1000


def problems(media: Sequence[Media]) -> list[Problem]:
    """Why Instagram would not take the files as they are."""
    found = rules.problems(media, tuple(_RULES.values()))
    found += [Problem("media", message) for each in media for message in _own_problems(each)]
    pictures = sum(1 for each in media if each.kind is PICTURES.kind)
    if pictures <= PICTURES.most and len(media) > _MOST_ITEMS:
        found.append(Problem("media", f"A carousel takes {_MOST_ITEMS} items, and there are {len(media)}."))
    return list(dict.fromkeys(found))


def check(media: Media, source: MediaSource) -> None:
    """Raises: MediaError: what is at its address is not what was approved, or can't be had."""
    with source.open(media, _RULES[media.kind]):
        pass


def _own_problems(media: Media) -> list[str]:
    rule = _RULES.get(media.kind)
    found = [] if rule is None else rules.misfits(media, rule)
    if len(media.alt_text) > _MOST_ALT_TEXT:
        found.append(f"Its alt text has {len(media.alt_text):,} characters; {_MOST_ALT_TEXT:,} are allowed.")
    return [f"{media.url}: {each}" for each in found]
