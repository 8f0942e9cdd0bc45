"""How the API shows a post: the fields that were asked for, the figures, the links."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x.errors import invalid_request
from pipeline.sandbox.x.users import USER_ID

NON_PUBLIC: Final = "non_public_metrics"
_NON_PUBLIC_FOR: Final = timedelta(days=30)
_FIELDS: Final = frozenset(
    {
        *("attachments", "card_uri", "community_id", "context_annotations", "conversation_id", "created_at"),
        *("edit_controls", "entities", "geo", "id", "lang", "organic_metrics", "possibly_sensitive"),
        *("promoted_metrics", "public_metrics", "reply_settings", "source", "text", "withheld", NON_PUBLIC),
    }
)
_OLDER_NAMES: Final = {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"}
_NEWER_NAMES: Final = {"note_post", "article", "display_text_range", "media_metadata", "paid_partnership", "scopes"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that were asked for, and whether by the newer name of the parameter, which renames a figure too."""

    names: frozenset[str]
    renamed: bool

    @classmethod
    def asked(cls, given: dict[str, str]) -> "Fields":
        """Raises: Refusal: a field that a post doesn't have."""
        renamed = "post.fields" in given
        parameter = "post.fields" if renamed else "tweet.fields"
        known = _FIELDS | (_NEWER_NAMES if renamed else _OLDER_NAMES)
        names = [name for name in given.get(parameter, "").split(",") if name]
        for name in names:
            if name not in known:
                raise invalid_request(
                    f"The `{parameter}` query parameter value [{name}] is not one of [{','.join(sorted(known))}]",
                    {parameter: [name]},
                )
        return cls(frozenset(names), renamed)


def shown(call: Call, tweet: Document, fields: Fields) -> dict[str, Any]:
    """The post with its default fields and those asked for. Its non-public figures are shown for 30 days."""
    created = datetime.fromisoformat(tweet["created_at"])
    growth = Growth(f"x/{tweet['id']}", call.age(created))
    available: dict[str, Any] = {
        "author_id": USER_ID,
        "conversation_id": tweet["conversation"],
        "created_at": f"{tweet['created_at'][:23]}Z",
        "lang": "und",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": _public(growth, "repost_count" if fields.renamed else "retweet_count"),
    }
    if tweet["urls"]:
        available["entities"] = {"urls": tweet["urls"]}
    if tweet["media_ids"]:
        available["attachments"] = {"media_keys": [f"3_{id_}" for id_ in tweet["media_ids"]]}
    if tweet["in_reply_to"]:
        available["in_reply_to_user_id"] = USER_ID
        available["referenced_tweets"] = [{"type": "replied_to", "id": tweet["in_reply_to"]}]
    if growth.age <= _NON_PUBLIC_FOR:
        available[NON_PUBLIC] = _non_public(growth, links=any("media_key" not in url for url in tweet["urls"]))
    return {
        "id": tweet["id"],
        "text": tweet["text"],
        "edit_history_post_ids" if fields.renamed else "edit_history_tweet_ids": [tweet["id"]],
        **{name: value for name, value in available.items() if name in fields.names},
    }


def _public(growth: Growth, repost: str) -> dict[str, int]:
    impressions = growth.final("impressions", 250, 20_000)
    return {
        repost: growth.share("reposts", impressions, 0.0005, 0.006),
        "reply_count": growth.share("replies", impressions, 0.0003, 0.004),
        "like_count": growth.share("likes", impressions, 0.004, 0.04),
        "quote_count": growth.share("quotes", impressions, 0.0001, 0.001),
        "bookmark_count": growth.share("bookmarks", impressions, 0.0005, 0.006),
        "impression_count": growth.share("impressions", impressions, 1, 1),
    }


def _non_public(growth: Growth, *, links: bool) -> dict[str, int]:
    impressions = growth.final("impressions", 250, 20_000)
    figures = {
        "impression_count": growth.share("impressions", impressions, 1, 1),
        "user_profile_clicks": growth.share("profile clicks", impressions, 0.001, 0.01),
        "engagements": growth.share("engagements", impressions, 0.06, 0.12),
    }
    if links:
        figures["url_link_clicks"] = growth.share("link clicks", impressions, 0.003, 0.03)
    return figures
