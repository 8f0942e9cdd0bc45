"""A WordPress site, asked as one of its users. Whatever brings no usable answer is a CallError."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from pipeline.platforms.base import Account, PlatformError, Published, Rejected, Scheduled
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.vocabulary import ErrorKind

MISSING: Final = "rest_post_invalid_id"
MAY_NOT: Final = ("rest_cannot_create", "rest_cannot_publish")
"""Refusals of the user, whatever the post says."""
STATE_FIELDS: Final = "id,slug,status,link,date_gmt"
TRASHED: Final = "__trashed"
"""What the slug of a post in the trash ends in."""


class Site:
    """The API of the account's site."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """The JSON that a route below wp/v2 answers with."""
        return self._wire.call(method, f"{self._api}/{path}", **request).json()

    def post(self, slug: str) -> dict[str, Any] | None:
        """The post that was given this slug, in whichever state it is now."""
        query = {
            "slug": f"{slug},{slug}{TRASHED}",
            "status": "any,trash",
            "context": "edit",
            "_fields": STATE_FIELDS,
        }
        return next(iter(as_list(self.ask("GET", "posts", params=query))), None)

    def term(self, taxonomy: str, name: str) -> int:
        """The id of a category or a tag, made where it isn't there: posts would drop an unknown one without a word.

        The account may not be allowed to make one.
        """
        query = {"search": name, "per_page": 100, "_fields": "id,name"}
        for term in as_list(self.ask("GET", taxonomy, params=query)):
            if html.unescape(str(term.get("name"))).casefold() == name.casefold():
                return whole(term, "id")
        try:
            return whole(as_object(self.ask("POST", taxonomy, json={"name": name})), "id")
        except CallError as failure:
            if failure.error.code == "term_exists":  # under another spelling, or made by another post just now
                return whole(as_object(as_object(failure.payload).get("data")), "term_id")
            raise

    @cached_property
    def _wire(self) -> Wire:
        credentials = self._account.credentials
        username = required(self._account, credentials, "username")
        return Wire(self._account, auth=(username, required(self._account, credentials, "app_password")))

    @cached_property
    def _api(self) -> str:
        site = required(self._account, self._account.publish_config, "api_url").rstrip("/")
        return f"{site.removesuffix('/wp-json')}/wp-json/wp/v2"


def state_of(post: Mapping[str, Any]) -> Published | Scheduled | Rejected:
    """What has become of a post.

    One in the trash was live and then taken down, unless its time hasn't come. Raises: CallError: it is not a post.
    """
    id_, status, moment = whole(post, "id"), str(post.get("status")), _moment(post)
    now = datetime.now(UTC)
    if status == "future" and moment is not None:
        return Scheduled(str(id_), post.get("link"), moment)
    if status == "publish" or (status == "trash" and (moment or now) <= now):
        return Published(str(id_), post.get("link"), moment or now)
    message = f"WordPress keeps it as post {id_}, {status}, and does not show it"
    return Rejected(PlatformError(ErrorKind.POLICY, message, code=f"status_{status}"))


def whole(thing: Mapping[str, Any], name: str) -> int:
    """Raises: CallError: there is no such number."""
    value = thing.get(name)
    if not isinstance(value, int):
        raise garbled(f"the answer has no {name}")
    return value


def _moment(post: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(post.get("date_gmt"))).replace(tzinfo=UTC)
    except ValueError:
        return None
