"""The account's own timeline: where a post is found again of which the id was lost, and where reading costs least."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.base import Account
from pipeline.platforms.failures import garbled
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.x import text
from pipeline.platforms.x.api import Api, made_at
from pipeline.platforms.x.thread import is_part

PAGE: Final = 100
_PAGES: Final = 32
"""A timeline reaches back 3,200 posts."""
_SKEW: Final = timedelta(minutes=2)
"""How far X's clock may be behind ours."""
_LONGEST_THREAD: Final = timedelta(days=2)
"""From a thread's first post to its last, attempts that failed in between included."""


class Timeline:
    """`fields` is X's name for the parameter that selects a post's fields."""

    def __init__(self, api: Api, account: Account) -> None:
        self._api = api
        self.fields = str(account.publish_config.get("fields_parameter") or "post.fields")
        self._whole_text = "note_tweet" if self.fields.startswith("tweet") else "note_post"

    def said(self, texts: Sequence[str], since: datetime) -> list[dict[str, Any] | None]:
        """For each text the newest post of the account that says it, since then. Raises: CallError."""
        found: list[dict[str, Any] | None] = [None] * len(texts)
        query = {
            "start_time": _stamp(since - _SKEW),
            self.fields: f"created_at,entities,{self._whole_text}",
        }
        for post in (post for page in self.pages(query) for post in page):
            for index, each in enumerate(texts):
                if found[index] is None and text.says(post, each):
                    found[index] = post
            if None not in found:
                break
        return found

    def parts_after(self, first: str) -> list[str]:
        """The ids of a thread's later posts, the last one first. Raises: CallError."""
        query = {
            "since_id": first,
            "end_time": _stamp(made_at(first) + _LONGEST_THREAD),
            self.fields: f"conversation_id,{self._whole_text}",
        }
        posts = [post for page in self.pages(query) for post in page]
        return [
            str(post.get("id"))
            for post in posts
            if str(post.get("conversation_id")) == first and is_part(text.shown(post))
        ]

    def pages(self, query: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
        """The posts that a query selects, the newest first, a page at a time. Raises: CallError."""
        asked = {**query, "max_results": str(PAGE)}
        for _ in range(_PAGES):
            answer = self._api.ask("GET", f"/2/users/{self._api.user_id}/tweets", params=asked)
            if answer.get("errors") and "data" not in answer:
                raise garbled("X does not show the account's timeline")
            yield as_list(answer.get("data", []))
            token = as_object(answer.get("meta", {})).get("next_token")
            if not token:
                return
            asked["pagination_token"] = str(token)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
