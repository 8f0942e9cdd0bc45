"""What Bluesky counts of an account and of its posts."""

from collections.abc import Mapping
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Metrics, Quota
from pipeline.platforms.http import Answer
from pipeline.platforms.limits import quota

_POINTS_A_POST: Final = 3
_COUNTS: Final = ("likeCount", "repostCount", "replyCount", "quoteCount", "bookmarkCount")


def audience(profile: Mapping[str, Any]) -> Audience:
    told = profile.get("followersCount")
    return Audience(told if isinstance(told, int) else None)


def metrics_of(post: Mapping[str, Any]) -> Metrics:
    """What Bluesky counts of a post; `engagements` is likes, reposts, replies, quotes and bookmarks together."""
    counts = {name: value for name, value in post.items() if name.endswith("Count") and isinstance(value, int)}
    interactions = [counts[name] for name in _COUNTS if name in counts]
    return Metrics(
        engagements=sum(interactions) if interactions else None,
        shares=counts.pop("repostCount", None),
        comments=counts.pop("replyCount", None),
        likes=counts.pop("likeCount", None),
        saves=counts.pop("bookmarkCount", None),
        platform_metrics=counts,
    )


def posts_left(answer: Answer) -> Quota | None:
    """Bluesky tells what is left in points."""
    told = quota(answer.headers)
    return told and Quota(told.remaining // _POINTS_A_POST, told.resets_at)
