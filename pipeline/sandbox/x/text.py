"""A post's text as X counts and shows it."""

import html
import re
import secrets
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

_CASHTAG: Final = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")
_DISPLAY_WIDTH: Final = 27


def fits(text: str) -> bool:
    """Whether it is within 280 weighted characters and has none that X refuses."""
    return bool(_twitter_text().parse_tweet(text).valid)


def cashtags(text: str) -> int:
    return len(_CASHTAG.findall(text))


def wrapped(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as shown and the `entities.urls` that tell its links again.

    Each link is behind t.co; `&`, `<` and `>` are escaped. Indices count code points, in the shown text.
    """
    shown, position, urls = "", 0, []
    for found in _twitter_text().extract_urls_with_indices(text):
        start, end = found["indices"]
        shown += html.escape(text[position:start], quote=False)
        short = f"https://t.co/{secrets.token_hex(5)}"
        expanded = found["url"] if "://" in found["url"] else f"http://{found['url']}"
        entity = {
            "start": len(shown),
            "end": len(shown) + len(short),
            "url": short,
            "expanded_url": expanded,
            "display_url": _display(expanded),
        }
        urls.append(entity)
        shown, position = shown + short, end
    return shown + html.escape(text[position:], quote=False), urls


def with_media(
    shown: str, urls: list[dict[str, Any]], post: str, media: Sequence[tuple[str, str]]
) -> tuple[str, list[dict[str, Any]]]:
    """The same with the one link that X puts behind the text for all its media; `media` are (kind, key)."""
    if not media:
        return shown, urls
    short = f"https://t.co/{secrets.token_hex(5)}"
    whole = f"{shown} {short}".strip()
    position = {"start": len(whole) - len(short), "end": len(whole), "url": short}
    entities = [
        {**position, "expanded_url": f"{post}/{kind}/1", "display_url": f"pic.x.com/{short[-10:]}", "media_key": key}
        for kind, key in media
    ]
    return whole, [*urls, *entities]


@cache
def _twitter_text() -> Any:
    with warnings.catch_warnings():
        # It reads its data through pkg_resources, which warns of its own end; setuptools is pinned for it.
        warnings.simplefilter("ignore", UserWarning)
        import twitter_text
    return twitter_text


def _display(url: str) -> str:
    bare = url.partition("://")[2].removeprefix("www.")
    return bare if len(bare) <= _DISPLAY_WIDTH else f"{bare[: _DISPLAY_WIDTH - 1]}…"
