"""What a publication's own address tells of its id: for what a person published, or found, by hand."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pipeline.platforms.offer import Permalink
from pipeline.platforms.registry import UnknownPlatformError, adapter_class


class PermalinkError(ValueError):
    """The address or the id can't be right; the message says what would be."""


def external_id(platform: str, url: str, handles: Mapping[str, str], given: str | None) -> str:
    """The platform's id of the publication at `url`: the given one, or what the address or an earlier step tells.

    `handles` are those that publishing it recorded, by step.

    Raises:
        PermalinkError: `url` is no web address, the id is none of this platform, or there is none to be had.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(char.isspace() for char in url):
        raise PermalinkError(f"{url!r} is not the address of a page; it begins with https:// or http://.")
    ids = _permalink(platform)
    found = given or _in_address(ids, url) or handles.get(ids.handle or "")
    if found is None:
        raise PermalinkError(f"The address does not tell the publication's id on {platform}; give it: {ids.where}.")
    if not re.fullmatch(ids.pattern, found):
        raise PermalinkError(f"{found!r} is no id of a publication on {platform}: that is {ids.where}.")
    return found


def _permalink(platform: str) -> Permalink:
    try:
        return adapter_class(platform).permalink
    except UnknownPlatformError:  # its adapter may be gone; what it published before can still be marked
        return Permalink()


def _in_address(ids: Permalink, url: str) -> str | None:
    match = re.search(ids.in_address, url) if ids.in_address else None
    return match.group(1) if match else None
