"""What a server counts of an account and of its posts."""

from collections.abc import Mapping
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Metrics
from pipeline.platforms.http import as_object
from pipeline.platforms.mastodon.server import Server

_COUNTS: Final = ("favourites_count", "reblogs_count", "replies_count", "quotes_count")


def audience(server: Server) -> Audience:
    """How many follow the account. Raises: CallError."""
    told = as_object(server.ask("GET", "v1/accounts/verify_credentials")).get("followers_count")
    return Audience(told if isinstance(told, int) else None)


def metrics_of(status: Mapping[str, Any]) -> Metrics:
    """What Mastodon counts of a status; `engagements` is favourites, boosts, replies and quotes together."""
    counts = {name: value for name, value in status.items() if name.endswith("_count") and isinstance(value, int)}
    interactions = [counts[name] for name in _COUNTS if name in counts]
    return Metrics(
        engagements=sum(interactions) if interactions else None,
        shares=counts.pop("reblogs_count", None),
        comments=counts.pop("replies_count", None),
        likes=counts.pop("favourites_count", None),
        platform_metrics=counts,
    )
