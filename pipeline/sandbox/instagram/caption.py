"""What a caption may hold: 2,200 characters, 30 hashtags, 20 mentions. And how it is given back."""

import re
from typing import Final

_MOST_CHARACTERS: Final = 2200
_MOST_HASHTAGS: Final = 30
_MOST_MENTIONS: Final = 20
_HASHTAG: Final = re.compile(r"(?<![\w&/#])#\w+")
_MENTION: Final = re.compile(r"(?<![\w./])@\w[\w.]*")


def fits(caption: str) -> bool:
    return (
        len(caption) <= _MOST_CHARACTERS
        and len(_HASHTAG.findall(caption)) <= _MOST_HASHTAGS
        and len(_MENTION.findall(caption)) <= _MOST_MENTIONS
    )


def as_read(caption: str) -> str:
    """As the API tells it to most apps: without the @ signs."""
    return caption.replace("@", "")
