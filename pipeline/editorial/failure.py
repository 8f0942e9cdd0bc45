"""What a failed step does to its story: tried again later, put off until the budget allows, or left to a person."""

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.store import stories
from pipeline.store.database import transaction
from pipeline.writing.base import WriterError


def keep_failure(engine: sa.Engine, canonical_id: str, error: BaseException) -> None:
    """Write the failure onto the story, with its reason."""
    with transaction(engine, budget.ACTOR) as connection:
        stories.story_failed(
            connection,
            canonical_id,
            str(error) or type(error).__name__,
            retry=not isinstance(error, WriterError) or error.retryable,
            not_before=error.until if isinstance(error, budget.BudgetExceededError) else None,
        )
