"""A thread on Bluesky: posts of which each answers the one before, the first at their root. Pure.

Source: github.com/bluesky-social/atproto, lexicons/app/bsky/feed/post.json, its replyRef.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.platforms.base import Published


@dataclass(frozen=True, slots=True)
class Live:
    """A post that is there, and how others point to it: its address and the hash of what it says."""

    published: Published
    ref: Mapping[str, str]


def reply_to(earlier: Sequence[Live]) -> dict[str, Any]:
    """What makes a record an answer to the last of these; nothing of the first post."""
    return {"reply": {"root": earlier[0].ref, "parent": earlier[-1].ref}} if earlier else {}


def keys_after(root: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of an account's records, the keys of those that belong to the thread under this root, the last one first."""
    return [
        str(record.get("uri")).rpartition("/")[2]
        for record in reversed(records)
        if _root_of(record.get("value")) == root
    ]


def _root_of(value: object) -> object:
    reply = value.get("reply") if isinstance(value, dict) else None
    root = reply.get("root") if isinstance(reply, dict) else None
    return root.get("uri") if isinstance(root, dict) else None
