"""Patterns are told what came of following them, and of not: after each sync, for every type of pattern."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.learning.patterns import PatternError, Sent, followed
from pipeline.store import patterns
from pipeline.store.patterns import Applied, Pair

log = structlog.get_logger(__name__)


def feed(connection: sa.Connection, distribution_ids: Collection[UUID]) -> int:
    """One row of `pattern_feedback` for each publication among these and each pattern of its account, with the latest
    figures; returns how many rows were added. Three statements, however many publications.

    Whether a pattern was followed is settled when a publication is first fed; its figures are kept up to date. A
    pattern that can't be read gets no feedback, and is named in the log.
    """
    if not distribution_ids:
        return 0
    found, unreadable = [], {}
    for pair in patterns.without_feedback(connection, distribution_ids):
        if pair.pattern_id in unreadable:
            continue
        try:
            applied = followed(pair.pattern_type, pair.template, _sent(pair))
        except PatternError as error:
            unreadable[pair.pattern_id] = (pair, str(error))
            continue
        if applied is not None:
            found.append(Applied(pair.pattern_id, pair.distribution_id, applied))
    for pair, reason in unreadable.values():
        log.warning(
            "pattern can't be read",
            account=pair.account_key,
            type=pair.pattern_type,
            name=pair.pattern_name,
            reason=reason,
        )
    added = patterns.add_feedback(connection, found)
    patterns.bring_up_to_date(connection, distribution_ids)
    return added


def _sent(pair: Pair) -> Sent:
    return Sent(
        title=pair.title,
        body=pair.body,
        media=tuple(pair.media_urls),
        link=pair.link_url,
        published_at=pair.published_at,
        timezone=pair.timezone,
    )
