"""How Bluesky counts a post's text, and what marks its links and hashtags. Pure.

Source: github.com/bluesky-social/atproto, lexicons/app/bsky/feed/post.json and richtext/facet.json.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pipeline.platforms import short_posts

MAX_GRAPHEMES: Final = 300
MAX_BYTES: Final = 3000
_BYTES_A_GRAPHEME: Final = MAX_BYTES // MAX_GRAPHEMES
_MAX_TAG: Final = 64


def length(text: str) -> int:
    """In graphemes, or in tenths of what its bytes may be, whichever is nearer to the limit of graphemes."""
    return max(short_posts.graphemes(text), -(-len(text.encode()) // _BYTES_A_GRAPHEME))


def facets(text: str, behind: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, Any]]:
    """What makes links and hashtags of parts of a text; offsets count bytes of UTF-8, the end not included.

    `behind`: where an address leads, by the address that readers see; one that is not there leads to itself.
    """
    found: list[tuple[int, int, dict[str, str]]] = []
    for start, end in short_posts.links(text):
        found.append(
            (start, end, {"$type": "app.bsky.richtext.facet#link", "uri": behind.get(text[start:end], text[start:end])})
        )
    for start, end in short_posts.hashtags(text):
        if short_posts.graphemes(text[start + 1 : end]) <= _MAX_TAG:
            found.append((start, end, {"$type": "app.bsky.richtext.facet#tag", "tag": text[start + 1 : end]}))

    def offset(position: int) -> int:
        return len(text[:position].encode())

    return [
        {"index": {"byteStart": offset(start), "byteEnd": offset(end)}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda each: each[0])
    ]
