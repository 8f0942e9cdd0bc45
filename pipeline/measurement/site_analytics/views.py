"""From what a browser or a log line tells of a page view to the row that is kept of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

import sqlalchemy as sa

from pipeline.measurement.site_analytics.source import plain_path
from pipeline.measurement.visitors import referrer_host
from pipeline.store import accounts, page_views, short_links
from pipeline.store.distributions import storable
from pipeline.store.page_views import View

_LONGEST: Final = 200
"""Characters kept of a tag: nobody's own are longer."""
_LONGEST_PATH: Final = 1000
_TAGS: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_content")


@dataclass(frozen=True, slots=True)
class Site:
    """An account whose pages are counted, and the scheme and host that they are at."""

    id: UUID
    key: str
    origin: str

    @property
    def host(self) -> str | None:
        return urlsplit(self.origin).hostname


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that was shown: its address, and that of the page before as the browser told it."""

    key: str
    """What this one view is known by, so that it is kept once."""
    at: datetime
    address: str
    referrer: str | None
    visitor: str


class NotCountableError(ValueError):
    """The account has no pages of ours that could be counted; the message says why."""


def site_of(connection: sa.Connection, account_key: str) -> Site:
    """Raises: accounts.UnknownAccountError; NotCountableError."""
    account = accounts.get(connection, account_key)
    address = account.publish_config.get("base_url" if account.name == "site" else "api_url")
    if account.name not in ("site", "wordpress") or not address:
        raise NotCountableError(
            f"{account_key} is on {account.name}; readers are counted on a site or a WordPress of one's own."
        )
    parts = urlsplit(str(address))
    return Site(account.id, account_key, f"{parts.scheme}://{parts.netloc}")


def view_id(site: Site, key: str) -> UUID:
    return UUID(bytes=hashlib.sha256(f"{site.key}\n{key}".encode()).digest()[:16])


def keep(connection: sa.Connection, site: Site, source: str, seen: Sequence[Seen]) -> None:
    """Keep views, with the posts that they are of and the publications that led to them. In few statements.

    The tables of their months have to be there: `page_views.ensure_partitions`.
    """
    if not seen:
        return
    arrivals = [_tags(each.address) for each in seen]
    paths = [_path(each.address) for each in seen]
    posts = _posts(connection, site, set(paths))
    origins = short_links.distributions_of(
        connection, {tags["utm_content"] for tags in arrivals if "utm_content" in tags}
    )
    page_views.add(
        connection,
        [
            View(
                id=view_id(site, each.key),
                at=each.at,
                platform_id=site.id,
                post_id=posts.get(path),
                path=path,
                visitor=each.visitor,
                referrer_host=storable(referrer_host(each.referrer, site.host)),
                distribution_id=_led_by(tags, origins),
                source=source,
                **{name: tags.get(name) for name in _TAGS},
            )
            for each, path, tags in zip(seen, paths, arrivals, strict=True)
        ],
    )


def _path(address: str) -> str:
    return (storable(plain_path(address)) or "")[:_LONGEST_PATH]


def _posts(connection: sa.Connection, site: Site, paths: set[str]) -> dict[str, UUID]:
    """The posts by their pages' paths."""
    written = [f"{site.origin}{quote(path.rstrip('/'))}" for path in paths]
    addresses = [spelled for each in written for spelled in (each, f"{each}/")]
    found = page_views.posts_at(connection, site.id, addresses)
    return {plain_path(address): post_id for address, post_id in found.items()}


def _led_by(tags: Mapping[str, str], origins: Mapping[str, short_links.Origin]) -> UUID | None:
    origin = origins.get(tags.get("utm_content", ""))
    return origin.distribution_id if origin else None


def _tags(address: str) -> dict[str, str]:
    """The first of each, by name; one that is empty is none."""
    told = parse_qsl(storable(urlsplit(address).query) or "")
    clean = [(name, (storable(value) or "")[:_LONGEST]) for name, value in reversed(told) if name in _TAGS]
    return {name: value for name, value in clean if value}
