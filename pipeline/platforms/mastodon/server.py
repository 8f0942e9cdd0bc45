"""The calls to one Mastodon server, and what it tells of an account's posts and of those it holds back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Answer, Wire, as_list, as_object
from pipeline.platforms.short_posts import is_part
from pipeline.text.rendering import text_of

NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403
_PAGE: Final = 40
_PAGES: Final = 100


class Server:
    """A server, as one account speaks to it."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **request: Any) -> Answer:
        """Raises: CallError."""
        token = required(self._account, self._account.credentials, "access_token")
        address = required(self._account, self._account.publish_config, "base_url").rstrip("/")
        signed = {"Authorization": f"Bearer {token}", **(headers or {})}
        try:
            return Wire(self._account).call(method, f"{address}/api/{path}", headers=signed, **request)
        except CallError as failure:
            if failure.error.http_status == _FORBIDDEN:  # a scope, or a login that is off: never what a post says
                raise CallError(failure.as_unauthorised(), failure.payload) from None
            raise

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Raises: CallError."""
        return self.call(method, path, **request).json()

    def timeline(self, since: datetime) -> Iterator[dict[str, Any]]:
        """The account's posts since then, newest first. Raises: CallError."""
        for status in self._pages(f"v1/accounts/{self._account_id}/statuses", {"exclude_reblogs": "true"}):
            if moment_of(status.get("created_at")) < since:
                return
            yield status

    def parts_after(self, first: str) -> list[str]:
        """The ids of a thread's later posts, the last one first; of a post that is gone, none. Raises: CallError."""
        try:
            context = as_object(self.ask("GET", f"v1/statuses/{first}/context"))
        except CallError as failure:
            if failure.error.http_status == NOT_FOUND:
                return []
            raise
        found = [first]
        for status in as_list(context.get("descendants")):
            own = as_object(status.get("account")).get("id") == self._account_id
            if own and status.get("in_reply_to_id") == found[-1] and is_part(text_of(str(status.get("content")))):
                found.append(id_of(status))
        return list(reversed(found[1:]))

    def held_back(self) -> Iterator[dict[str, Any]]:
        """What it is to publish by itself, newest first. Raises: CallError."""
        return self._pages("v1/scheduled_statuses", {})

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Raises: CallError."""
        params = {**query, "limit": _PAGE}
        for _ in range(_PAGES):
            page = as_list(self.ask("GET", path, params=params))
            yield from page
            if not page:
                return
            params["max_id"] = id_of(page[-1])

    @cached_property
    def _account_id(self) -> str:
        """Raises: CallError."""
        return id_of(as_object(self.ask("GET", "v1/accounts/verify_credentials")))


def id_of(thing: Mapping[str, Any]) -> str:
    """Raises: CallError: it has none."""
    id_ = thing.get("id")
    if not isinstance(id_, str) or not id_:
        raise garbled("the answer has no id")
    return id_


def moment_of(text: Any) -> datetime:
    """Raises: CallError: it is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        raise garbled("the answer does not tell when") from None
