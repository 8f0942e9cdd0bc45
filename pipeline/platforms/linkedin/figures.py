"""The figures of posts: an organisation's twenty at a time, a member's one by one and figure by figure.

Those of an organisation's videos are asked for one by one too, and only where that is wanted.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics and
https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics and
https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/video-analytics-api
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Gone, Metrics
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_list, as_object, batches
from pipeline.platforms.linkedin import posts
from pipeline.platforms.linkedin.api import NOT_FOUND, Api, in_url, list_of

A_CALL: Final = 20
_BAD_REQUEST: Final = 400
_UGC_POST: Final = "urn:li:ugcPost:"
_REACH: Final = timedelta(days=365)
"""How far back an organisation's statistics go."""
_NOBODY_SAW_IT: Final = {
    "impressionCount": 0,
    "uniqueImpressionsCount": 0,
    "clickCount": 0,
    "likeCount": 0,
    "commentCount": 0,
    "shareCount": 0,
}
_MEMBERS: Final = {
    "IMPRESSION": "impressionCount",
    "MEMBERS_REACHED": "uniqueImpressionsCount",
    "REACTION": "likeCount",
    "COMMENT": "commentCount",
    "RESHARE": "shareCount",
}
_MEMBERS_SINCE_202604: Final = {
    "POST_SAVE": "saveCount",
    "LINK_CLICKS": "clickCount",
    "FOLLOWER_GAINED_FROM_CONTENT": "followersGained",
}
_MILLISECONDS: Final = 1000


def of_organization(api: Api, urns: Sequence[str], *, videos: bool = False) -> dict[str, Metrics | Gone]:
    """`videos` adds how often and how long they were watched, at two calls a video. Raises: CallError."""
    figures: dict[str, Metrics | Gone] = {}
    for batch in batches(urns, A_CALL):
        told = _statistics(api, batch)
        figures |= told
        if silent := [urn for urn in batch if urn not in told]:
            figures |= _without_statistics(api, silent)
    if videos:
        figures |= {
            urn: _watched(api, urn, found)
            for urn, found in figures.items()
            if isinstance(found, Metrics) and urn.startswith(_UGC_POST)
        }
    return figures


def of_member(api: Api, urns: Sequence[str]) -> dict[str, Metrics | Gone]:
    """Raises: CallError."""
    asked = _MEMBERS | (_MEMBERS_SINCE_202604 if api.version >= "202604" else {})
    figures: dict[str, Metrics | Gone] = {}
    for urn in urns:
        try:
            told = {name: _one(api, urn, figure) for figure, name in asked.items()}
        except CallError as failure:
            if failure.error.http_status != NOT_FOUND:
                raise
            figures[urn] = Gone()
        else:
            figures[urn] = metrics_of(told)
    return figures


def audience(api: Api) -> Audience:
    """How many follow the organisation.

    What LinkedIn calls gains is not said to be without those who left, and so neither is told.
    https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api

    Raises: CallError.
    """
    query = {"edgeType": "COMPANY_FOLLOWED_BY_MEMBER"}
    size = as_object(api.rest("GET", f"networkSizes/{in_url(api.author)}", query=query).json()).get("firstDegreeSize")
    return Audience(size if isinstance(size, int) else None)


def metrics_of(told: Any) -> Metrics:
    """`engagements` is reactions, comments and reposts together."""
    if not isinstance(told, dict):
        return Metrics()
    counts = {name: value for name, value in told.items() if isinstance(value, int)}
    rates = {name: value for name, value in told.items() if isinstance(value, float)}
    interactions = [counts[name] for name in ("likeCount", "commentCount", "shareCount") if name in counts]
    return Metrics(
        impressions=counts.pop("impressionCount", None),
        reach=counts.pop("uniqueImpressionsCount", None),
        engagements=sum(interactions) if interactions else None,
        clicks=counts.pop("clickCount", None),
        shares=counts.pop("shareCount", None),
        comments=counts.pop("commentCount", None),
        likes=counts.pop("likeCount", None),
        saves=counts.pop("saveCount", None),
        followers_gained=counts.pop("followersGained", None),
        platform_metrics=counts | rates,
    )


def _watched(api: Api, urn: str, figures: Metrics) -> Metrics:
    """The same with a video's figures; other posts are ugcPosts too, and have none. Raises: CallError."""
    watched = _of_video(api, urn, "TIME_WATCHED")
    return replace(
        figures,
        video_views=_of_video(api, urn, "VIDEO_VIEW"),
        video_watch_time_seconds=None if watched is None else watched // _MILLISECONDS,
    )


def _of_video(api: Api, urn: str, figure: str) -> int | None:
    """Of its whole life; None where LinkedIn does not offer the figure of this post. Raises: CallError."""
    query = {"q": "entity", "entity": in_url(urn), "type": figure, "aggregation": "ALL"}
    try:
        elements = as_list(as_object(api.rest("GET", "videoAnalytics", query=query).json()).get("elements"))
    except CallError as failure:
        if failure.error.http_status in (_BAD_REQUEST, NOT_FOUND):
            return None
        raise
    values = [each.get("value") for each in elements]
    return values[0] if len(values) == 1 and isinstance(values[0], int) else None


def _statistics(api: Api, urns: Sequence[str]) -> dict[str, Metrics | Gone]:
    ugc_posts = [urn for urn in urns if urn.startswith(_UGC_POST)]
    shares = [urn for urn in urns if not urn.startswith(_UGC_POST)]
    query = {
        "q": "organizationalEntity",
        "organizationalEntity": in_url(api.author),
        **({"shares": list_of(shares)} if shares else {}),
        **({"ugcPosts": list_of(ugc_posts)} if ugc_posts else {}),
    }
    answer = as_object(api.rest("GET", "organizationalEntityShareStatistics", query=query).json())
    told = as_list(answer.get("elements"))
    figures = {str(each.get("share") or each.get("ugcPost")): each.get("totalShareStatistics") for each in told}
    return {urn: metrics_of(figures[urn]) for urn in urns if urn in figures}


def _without_statistics(api: Api, urns: Sequence[str]) -> dict[str, Metrics | Gone]:
    """LinkedIn leaves out posts that nobody has seen, as well as those that are gone or older than its figures."""
    answer = as_object(api.rest("GET", "posts", query={"ids": list_of(urns)}, restli_method="BATCH_GET").json())
    there, missing = as_object(answer.get("results")), as_object(answer.get("errors", {}))
    oldest = datetime.now(UTC) - _REACH
    figures: dict[str, Metrics | Gone] = {
        urn: metrics_of(dict(_NOBODY_SAW_IT))
        for urn in urns
        if urn in there and posts.created(as_object(there[urn])) > oldest
    }
    return figures | {urn: Gone() for urn in urns if _is_missing(missing.get(urn))}


def _is_missing(error: Any) -> bool:
    return isinstance(error, dict) and error.get("status") == NOT_FOUND


def _one(api: Api, urn: str, figure: str) -> int | None:
    """None where LinkedIn does not offer the figure of this post. Raises: CallError."""
    kind = "ugc" if urn.startswith(_UGC_POST) else "share"
    query: Mapping[str, str] = {
        "q": "entity",
        "entity": f"({kind}:{in_url(urn)})",
        "queryType": figure,
        "aggregation": "TOTAL",
    }
    try:
        answer = as_object(api.rest("GET", "memberCreatorPostAnalytics", query=query).json())
    except CallError as failure:
        if failure.error.http_status == _BAD_REQUEST:
            return None
        raise
    counts = [each.get("count") for each in as_list(answer.get("elements"))]
    return counts[0] if len(counts) == 1 and isinstance(counts[0], int) else None
