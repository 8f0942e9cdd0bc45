"""A publication's figures, as the API's insights name them.

One figure that a kind of media does not have makes the whole question fail, so each kind has its list, and a list that
fails a shorter one. https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
"""

from collections.abc import Mapping
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Metrics
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_list
from pipeline.platforms.instagram.graph import UNKNOWN_OBJECT, Graph

_ALL: Final = ("views", "reach", "likes", "comments", "shares", "saved", "total_interactions")
_FEED: Final = (*_ALL, "follows")
_REELS: Final = (*_ALL, "ig_reels_avg_watch_time", "ig_reels_video_view_total_time")
_BASIC: Final = ("views", "reach", "saved")
_MEDIA_FIELDS: Final = "media_product_type,like_count,comments_count"
_INVALID: Final = "100"
_MILLISECONDS: Final = 1000


def metrics(graph: Graph, media_id: str) -> Metrics:
    """What is known of one publication.

    Raises:
        CallError: the API could not be asked; with the code `UNKNOWN_OBJECT` where it doesn't know the publication.
    """
    media = graph.get(media_id, fields=_MEDIA_FIELDS)
    is_reel = media.get("media_product_type") == "REELS"
    lists = (_REELS,) if is_reel else (_FEED, _ALL)
    figures = _first_answered(graph, media_id, *lists, _BASIC)
    return metrics_of(media, figures, is_reel=is_reel)


def audience(graph: Graph, user_id: str) -> Audience:
    """How many follow the account. Raises: CallError."""
    return Audience(_whole(graph.get(user_id, fields="followers_count").get("followers_count")))


def metrics_of(media: Mapping[str, Any], figures: Mapping[str, int], *, is_reel: bool) -> Metrics:
    """`impressions` is Instagram's `views`: how often it was shown or, of a reel, played.

    `follows` are of those who came to follow by it, which no reel tells.

    `engagements` is its `total_interactions`: likes, comments, shares and saves, less those taken back.
    """
    left = dict(figures)
    views, watched = left.pop("views", None), left.pop("ig_reels_video_view_total_time", None)
    return Metrics(
        impressions=views,
        reach=left.pop("reach", None),
        engagements=left.pop("total_interactions", None),
        shares=left.pop("shares", None),
        comments=left.pop("comments", _whole(media.get("comments_count"))),
        likes=left.pop("likes", _whole(media.get("like_count"))),
        saves=left.pop("saved", None),
        video_views=views if is_reel else None,
        video_watch_time_seconds=None if watched is None else watched // _MILLISECONDS,
        followers_gained=left.pop("follows", None),
        platform_metrics=left,
    )


def _first_answered(graph: Graph, media_id: str, *lists: tuple[str, ...]) -> dict[str, int]:
    """The figures of the first list that the media has all of; none where it has no such list.

    Raises: CallError.
    """
    for names in lists:
        try:
            answer = graph.get(media_id, "insights", metric=",".join(names))
        except CallError as failure:
            code = failure.error.code or ""
            if code == UNKNOWN_OBJECT or code.partition("/")[0] != _INVALID:
                raise
            continue
        return {
            str(each.get("name")): value
            for each in as_list(answer.get("data", []))
            if (value := _value(each)) is not None
        }
    return {}


def _value(figure: Mapping[str, Any]) -> int | None:
    """The value for the media's whole life, which the API tells in one of two forms."""
    values = figure.get("values")
    told = figure.get("total_value") or (values[0] if isinstance(values, list) and values else None)
    return _whole(told.get("value")) if isinstance(told, dict) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
