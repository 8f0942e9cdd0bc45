"""What a failed step does to its story: tried again later, put off until it is allowed, or left to a person."""

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.store import rewrites, stories
from pipeline.store.database import transaction
from pipeline.writing.base import WriterError


def keep_failure(engine: sa.Engine, canonical_id: str, error: BaseException) -> None:
    """Write the failure onto the story, and onto the editor's note that was to be followed, with its reason."""
    reason = str(error) or type(error).__name__
    retry = not isinstance(error, WriterError) or error.retryable
    not_before = error.not_before if isinstance(error, WriterError) else None
    with transaction(engine, budget.ACTOR) as connection:
        stories.story_failed(connection, canonical_id, reason, retry=retry, not_before=not_before)
        rewrites.rewrite_failed(connection, canonical_id, reason, retry=retry, not_before=not_before)
