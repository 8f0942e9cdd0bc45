"""What posts did, read where X asks least for it.

A look-up takes 100 ids and costs five times what the same post costs in the account's own timeline, of which however
every post in between is read and paid for. X charges for a post once a UTC day, however often it is read
(https://docs.x.com/x-api/getting-started/pricing): so of posts that are all read daily, the timeline is the cheap way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Gone, Metrics
from pipeline.platforms.http import as_list, as_object, batches
from pipeline.platforms.x.api import Api, made_at
from pipeline.platforms.x.timeline import Timeline

BATCH: Final = 100
YOUNG: Final = timedelta(days=30)
"""For so long every post is read at least daily."""
_NON_PUBLIC_FOR: Final = timedelta(days=29)
"""X shows its owner a post's other figures for 30 days."""
_INTERACTIONS: Final = ("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count")

Figures = dict[str, Metrics | Gone]


class Reader:
    """`non_public` adds what only the owner sees, clicks among it; `from_timeline` prefers the own timeline."""

    def __init__(
        self,
        api: Api,
        timeline: Timeline,
        *,
        non_public: bool,
        from_timeline: bool,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._api = api
        self._timeline = timeline
        self._non_public = non_public
        self._from_timeline = from_timeline
        self._clock = clock or partial(datetime.now, UTC)

    def figures(self, ids: Sequence[str]) -> Figures:
        """Raises: CallError."""
        found: Figures = {}
        for fields, some in self._by_fields(ids).items():
            if self._from_timeline:
                found |= self._on_timeline(some, fields)
            for batch in batches([id_ for id_ in some if id_ not in found], BATCH):
                found |= self._looked_up(batch, fields)
        return found

    def _by_fields(self, ids: Sequence[str]) -> Mapping[str, list[str]]:
        """The ids by what is to be asked of them: X answers for no post whose figures it won't show any more."""
        young = [id_ for id_ in ids if self._non_public and self._is_younger(id_, _NON_PUBLIC_FOR)]
        old = [id_ for id_ in ids if id_ not in set(young)]
        asked = {"public_metrics,non_public_metrics": young, "public_metrics": old}
        return {fields: some for fields, some in asked.items() if some}

    def _looked_up(self, ids: Sequence[str], fields: str) -> Figures:
        found: Figures = {}
        answer = self._api.ask("GET", "/2/tweets", params={"ids": ",".join(ids), self._timeline.fields: fields})
        found |= _counted(as_list(answer.get("data", [])))
        for problem in as_list(answer.get("errors", [])):
            if str(problem.get("type")).endswith("/resource-not-found"):
                found[str(problem.get("resource_id") or problem.get("value"))] = Gone()
        return found

    def _is_younger(self, id_: str, age: timedelta) -> bool:
        return id_.isdecimal() and self._clock() - made_at(id_) < age

    def _on_timeline(self, ids: Sequence[str], fields: str) -> Figures:
        """Of the young, as many as the timeline shows."""
        wanted = {int(id_) for id_ in ids if self._is_younger(id_, YOUNG)}
        found: Figures = {}
        if not wanted:
            return found
        query = {
            "since_id": str(min(wanted) - 1),
            "until_id": str(max(wanted) + 1),
            self._timeline.fields: fields,
        }
        asked_for = {str(id_) for id_ in wanted}
        for page in self._timeline.pages(query):
            found |= {id_: figures for id_, figures in _counted(page).items() if id_ in asked_for}
            if len(found) == len(wanted):
                break
        return found


def audience(api: Api) -> Audience:
    """How many follow the account; X does not tell who came and who went. Raises: CallError."""
    answer = api.ask("GET", "/2/users/me", params={"user.fields": "public_metrics"})
    return Audience(_counts(as_object(answer.get("data")).get("public_metrics")).get("followers_count"))


def metrics_of(public: Any, non_public: Any = None) -> Metrics:
    """X's figures; the newer `repost_count` and the older `retweet_count` are one.

    `engagements` is likes, reposts, replies, quotes and bookmarks together; clicks are those on the post's links, which
    only the owner is shown.
    """
    counts = _counts(public)
    if "retweet_count" in counts:
        counts.setdefault("repost_count", counts.pop("retweet_count"))
    interactions = [counts[name] for name in _INTERACTIONS if name in counts]
    owners = {name: value for name, value in _counts(non_public).items() if name not in counts}
    return Metrics(
        impressions=counts.pop("impression_count", None),
        engagements=sum(interactions) if interactions else None,
        clicks=owners.pop("url_link_clicks", None),
        shares=counts.pop("repost_count", None),
        comments=counts.pop("reply_count", None),
        likes=counts.pop("like_count", None),
        saves=counts.pop("bookmark_count", None),
        platform_metrics={**counts, **owners},
    )


def _counted(posts: Iterable[Mapping[str, Any]]) -> Figures:
    return {
        str(each.get("id")): metrics_of(each.get("public_metrics"), each.get("non_public_metrics")) for each in posts
    }


def _counts(figures: Any) -> dict[str, int]:
    return (
        {name: value for name, value in figures.items() if isinstance(value, int)} if isinstance(figures, dict) else {}
    )
