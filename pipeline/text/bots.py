"""Whose visits are no reader's: programs that say so themselves. Pure.

By the list that crawler-user-agents keeps (https://github.com/monperrus/crawler-user-agents), and by what a browser
says of a page that it fetches before anybody asked for it. A program that passes itself off as a browser, as some mail
scanners do, is not told from one.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_LONGEST: Final = 1024
"""Characters of a user agent that are looked at: browsers send some 200."""
_AHEAD_OF_TIME: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""In which headers browsers tell (Sec-Purpose: https://fetch.spec.whatwg.org/#sec-purpose-header; the others before it
was one)."""


@lru_cache(maxsize=16384)  # a day's readers share a few thousand user agents; a look-up takes half a millisecond
def is_bot(user_agent: str | None) -> bool:
    """Whether it names a program, or nothing: every browser sends one."""
    from crawleruseragents import is_crawler

    said = (user_agent or "").strip()
    return said in ("", "-") or is_crawler(said[:_LONGEST])


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether a browser fetches ahead, for a page that its reader may never see. The headers' names in lower case."""
    said = " ".join(headers.get(name, "").lower() for name in _AHEAD_OF_TIME)
    return any(word in said for word in ("prefetch", "preview", "prerender"))
