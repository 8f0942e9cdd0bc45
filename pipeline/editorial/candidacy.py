"""How an item stands, told to a person: why it is no story; how the offline scoring came to its hook. And choosing one
by hand.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from pipeline.editorial import duplicates
from pipeline.store import stories, story_overview
from pipeline.store.analyses import MOST_ATTEMPTS as MOST_ANALYSES
from pipeline.store.database import transaction
from pipeline.store.stories import ENGAGEMENT_PERCENTILE, ENGAGEMENT_RATE, HOOK_STRENGTH, MOST_ATTEMPTS
from pipeline.store.story_overview import ItemState
from pipeline.writing import extract
from pipeline.writing.base import Fact, Source
from pipeline.writing.hook import hook_points
from pipeline.writing.text import sentences

ACTOR = "stories"


class NoStoryError(Exception):
    """The item can't be made a story, or not again; the message says why."""


def pick(engine: sa.Engine, item: ItemState) -> str:
    """Make an item a story, whatever its figures; it is written when interrupted stories are next resumed.

    Raises:
        NoStoryError: it has no analysis, or its story was taken up.
    """
    with transaction(engine, ACTOR) as connection:
        duplicates.group(connection, item.content_id)
        canonical_id = stories.claim_picked(connection, item.content_id)
        [now] = story_overview.matching(connection, str(item.content_id))
    if canonical_id is None:
        raise NoStoryError(f"It can't be picked: {standing(now)}.")
    return canonical_id


def retry(engine: sa.Engine, item: ItemState) -> None:
    """Let what failed begin anew: a story, or an analysis.

    Raises:
        NoStoryError: nothing failed.
    """
    with transaction(engine, ACTOR) as connection:
        begun = stories.begin_anew(connection, item.content_id)
    if not begun:
        raise NoStoryError(f"There is nothing to try again: {standing(item)}.")


def standing(item: ItemState) -> str:
    """Where the item is on its way, in a sentence."""
    if item.canonical_id is not None:
        return _of_a_story(item)
    if item.claimed_as is not None:
        return f"a further source of {item.claimed_as}, which was taken up before"
    if item.hook_strength is None:
        failed = item.story_attempts >= MOST_ANALYSES
        return "its analysis failed and is not tried again" if failed else "waits for its analysis"
    if not item.is_candidate:
        return too_weak(item)
    if not item.is_active:
        return f"the vertical {item.vertical} is switched off"
    return "waits to be compared with others" if item.story_id is None else "a candidate"


def too_weak(item: ItemState) -> str:
    """What the item lacks of the rule for candidates."""
    lacks = []
    if (item.hook_strength or 0) < HOOK_STRENGTH:
        lacks.append(f"hook {item.hook_strength} of {HOOK_STRENGTH}")
    if item.engagement_rate is not None and item.engagement_rate < ENGAGEMENT_RATE:
        lacks.append(f"{item.engagement_rate:.1%} of its readers engaged, not {ENGAGEMENT_RATE:.0%}")
    share = item.engagement_percentile if item.engagement_rate is None else None
    if share is not None and share < ENGAGEMENT_PERCENTILE:
        lacks.append(f"liked more than {share:.0%} of its account's items, not {ENGAGEMENT_PERCENTILE:.0%}")
    return "; ".join(lacks)


def _of_a_story(item: ItemState) -> str:
    if item.post_status is not None:
        return f"its post is {item.post_status}"
    if item.story_lease_until is None or item.story_attempts >= MOST_ATTEMPTS:
        return "failed, and is not tried again by itself: pressroom stories retry STORY"
    return "is being written, or waits for its turn"


def scoring(source: Source, facts: Sequence[Fact], entities: Sequence[str], language: str) -> dict[str, float]:
    """The points of the offline scoring for an item that it has analysed."""
    told = len(facts) if any(extract.stands_alone(fact.text) for fact in facts) else 0
    text = source.text if source.text.strip() else source.title or ""
    return hook_points(sentences(text, language), facts=told, entities=len(entities), language=language)
