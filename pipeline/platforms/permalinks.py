"""What a publication's own address tells of its id: for what a person published, or found, by hand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class _Ids:
    """A platform's ids of publications: how one looks, where an address or a handle holds it, where people find it."""

    pattern: str
    in_address: str | None
    handle: str | None
    where: str


_IDS: Final[Mapping[str, _Ids]] = {
    "site": _Ids(r"[a-z0-9]+(?:-[a-z0-9]+)*", r"/([a-z0-9-]+)/?$", None, "the last part of the page's address"),
    "wordpress": _Ids(r"\d+", r"[?&]p=(\d+)", None, "the number after post= in the address of its editor"),
    "x": _Ids(r"\d+", r"/status/(\d+)", None, "the number after /status/ in its address"),
    "mailchimp": _Ids(r"[0-9a-f]+", None, "campaign", "the campaign's id as the API has it, ten letters and digits"),
}
_ANY: Final = _Ids(r"\S+", None, None, "what its API calls it")


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
    ids = _IDS.get(platform, _ANY)
    found = given or _in_address(ids, url) or handles.get(ids.handle or "")
    if found is None:
        raise PermalinkError(f"The address does not tell the publication's id on {platform}; give it: {ids.where}.")
    if not re.fullmatch(ids.pattern, found):
        raise PermalinkError(f"{found!r} is no id of a publication on {platform}: that is {ids.where}.")
    return found


def _in_address(ids: _Ids, url: str) -> str | None:
    match = re.search(ids.in_address, url) if ids.in_address else None
    return match.group(1) if match else None
