"""The users that have let the app in, under the keys the adapter uses. Their tokens open nothing anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CREATOR: Final[Mapping[str, str]] = {"access_token": "sandbox-tiktok-token"}
METERED: Final[Mapping[str, str]] = {"access_token": "sandbox-tiktok-metered-token"}
"""Held to TikTok's limits: 6 posts begun in a minute, 15 posts in 24 hours."""
UNAUDITED: Final[Mapping[str, str]] = {"access_token": "sandbox-tiktok-unaudited-token"}
"""A private account, and its app hasn't been audited."""
UNAUDITED_PUBLIC: Final[Mapping[str, str]] = {"access_token": "sandbox-tiktok-unaudited-public-token"}
DRAFTS_ONLY: Final[Mapping[str, str]] = {"access_token": "sandbox-tiktok-drafts-token"}
"""Lets the app send drafts to the user's inbox, and nothing else."""

_ALL: Final = frozenset({"user.info.stats", "video.publish", "video.upload", "video.list"})


@dataclass(frozen=True, slots=True)
class User:
    """One TikTok account, and what its owner and TikTok let the app do."""

    username: str
    nickname: str
    scopes: frozenset[str] = _ALL
    is_private: bool = False
    is_audited: bool = True
    is_metered: bool = False

    @property
    def privacy_levels(self) -> list[str]:
        widest = "FOLLOWER_OF_CREATOR" if self.is_private else "PUBLIC_TO_EVERYONE"
        return [widest, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]


USERS: Final[Mapping[str, User]] = {
    CREATOR["access_token"]: User("sandbox_press", "Sandbox Press (nobody real)"),
    METERED["access_token"]: User("sandbox_metered", "Sandbox Metered (nobody real)", is_metered=True),
    UNAUDITED["access_token"]: User(
        "sandbox_private", "Sandbox Private (nobody real)", is_private=True, is_audited=False
    ),
    UNAUDITED_PUBLIC["access_token"]: User("sandbox_unaudited", "Sandbox Unaudited (nobody real)", is_audited=False),
    DRAFTS_ONLY["access_token"]: User(
        "sandbox_drafts", "Sandbox Drafts (nobody real)", scopes=frozenset({"video.upload"})
    ),
}
