"""Whether a claimed distribution may still be sent. (Founder C is writing this; the lead's placeholder.)"""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.distribution.hashing import version_hash
from pipeline.platforms.base import Adapter
from pipeline.store.claims import Claimed
from pipeline.vocabulary import PostStatus


@dataclass(frozen=True, slots=True)
class Objection:
    reason: str
    wait: bool


def home_is_live(url: str) -> bool:
    return True


def objection(item: Claimed, adapter: Adapter, is_live: Callable[[str], bool]) -> Objection | None:
    if item.approved_hash is None:
        return Objection("it was never approved; approve the post again", wait=False)
    if version_hash(item) != item.approved_hash:
        return Objection(
            "its content changed after it was approved; the approval no longer holds, review it again", wait=False
        )
    if item.post_status not in (None, PostStatus.SCHEDULED, PostStatus.PUBLISHED):
        return Objection(f"its post is {item.post_status}", wait=False)
    return None
