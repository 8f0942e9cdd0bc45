"""The last look before a distribution leaves us: after its claim, outside any transaction, before the adapter."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pipeline.distribution.contents import content_of
from pipeline.distribution.hashing import version_hash
from pipeline.platforms.base import Adapter
from pipeline.store.claims import Outgoing
from pipeline.vocabulary import PostStatus

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why it must not be sent now, in words for a person.

    `wait`: time may mend it, so it is put back and tried again in a minute; else it is held for a person.
    """

    reason: str
    wait: bool


def objection(item: Outgoing, adapter: Adapter, is_live: Callable[[str], bool]) -> Objection | None:
    """What stands against sending it now; None where nothing does.

    `is_live` tells whether a page answers 200 (`own_pages.HomePages`). It is asked last: it alone takes time.
    """
    reason = _void(item) or _unfit(item, adapter)
    if reason is not None:
        return Objection(reason, wait=False)
    if item.home_url is not None and not is_live(item.home_url):
        return Objection(f"the article's page {item.home_url} does not answer yet", wait=True)
    return None


def _void(item: Outgoing) -> str | None:
    """Why its approval does not hold."""
    if item.approved_hash is None:
        return "it was never approved; approve the post again"
    if version_hash(item) != item.approved_hash:
        return "its content changed after it was approved; the approval no longer holds, review it again"
    if item.post_status not in (None, PostStatus.SCHEDULED, PostStatus.PUBLISHED):
        return f"its post is {item.post_status}"
    if item.original_status not in (None, PostStatus.PUBLISHED):
        return f"the article that it tells again is {item.original_status}"
    return None


def _unfit(item: Outgoing, adapter: Adapter) -> str | None:
    """Why the platform would not take it. The account's settings may have changed since it was planned."""
    try:
        problems = adapter.validate(content_of(item, item.id))
    except Exception as error:  # an adapter must not raise; here it still costs nothing to say that it did
        log.exception("adapter_raised", distribution=str(item.id))
        return f"it could not be checked for its platform: {type(error).__name__}; look at the account's settings"
    if not problems:
        return None
    said = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    return f"its platform would not take it ({said}); change the text and review it again"
