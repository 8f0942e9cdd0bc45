"""What the user may post, asked before every post."""

from typing import Final

from starlette.responses import Response

from pipeline.sandbox.growth import followers
from pipeline.sandbox.service import Call
from pipeline.sandbox.tiktok import posts
from pipeline.sandbox.tiktok.credentials import User
from pipeline.sandbox.tiktok.errors import answer, invalid, refused

LONGEST_VIDEO: Final = 600
_MOST_POSTS: Final = 15
_STATS: Final = ("follower_count", "following_count", "likes_count", "video_count")


def info(call: Call, user: User) -> Response:
    if has_posted_too_much(call, user):
        # Here TikTok answers 200, where it refuses the post itself by a 403.
        raise refused(200, "spam_risk_too_many_posts", "The daily post cap from the API is reached for the user.")
    return answer(
        {
            "creator_avatar_url": "https://example.com/avatar.webp",
            "creator_username": user.username,
            "creator_nickname": user.nickname,
            "privacy_level_options": user.privacy_levels,
            "comment_disabled": False,
            "duet_disabled": user.is_private,
            "stitch_disabled": user.is_private,
            "max_video_post_duration_sec": LONGEST_VIDEO,
        }
    )


def stats(call: Call, user: User) -> Response:
    """What the user's page counts, by the fields that are asked for; a field of another scope is refused."""
    fields = [name for name in call.request.query_params.get("fields", "").split(",") if name]
    if not fields or not set(fields) <= set(_STATS):
        raise invalid(f"fields: must be some of {','.join(_STATS)}")
    counts = {
        "follower_count": followers(f"tiktok/{user.username}", call.now),
        "following_count": 0,
        "likes_count": 0,
        "video_count": sum(1 for _ in posts.of_user(call, user)),
    }
    return answer({"user": {name: counts[name] for name in fields}})


def has_posted_too_much(call: Call, user: User) -> bool:
    return user.is_metered and posts.count_of_day(call, user, is_draft=False) >= _MOST_POSTS
