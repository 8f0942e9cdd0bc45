"""What the writer may cost a day, and the book of what it did."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from pipeline.settings import settings
from pipeline.store import ai_usage
from pipeline.store.database import transaction
from pipeline.writing.base import Usage, Writer, WriterError
from pipeline.writing.offline import OfflineWriter

ACTOR = "writer"


class BudgetExceededError(WriterError):
    """The day's budget is spent; nothing was called.

    Attributes:
        until: the next midnight UTC, when the next day's budget begins.
    """

    def __init__(self, spent_usd: float, budget_usd: float) -> None:
        super().__init__(
            f"The writer's budget for today is spent: {spent_usd:.2f} of {budget_usd:.2f} US dollars. "
            "It goes on after midnight UTC; PRESSROOM_WRITER_BUDGET_USD_PER_DAY raises it."
        )
        self.until = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time.min, UTC)


def check(engine: sa.Engine, writer: Writer) -> None:
    """Before every call. Calls that run at once are each let in, so a day can end one call a thread over.

    Raises:
        BudgetExceededError: the day's calls have cost the budget. Calls of unknown price count as nothing.
    """
    if isinstance(writer, OfflineWriter):
        return
    with engine.connect() as connection:
        spent = float(ai_usage.spent_today(connection))
    budget = settings().writer_budget_usd_per_day
    if spent >= budget:
        raise BudgetExceededError(spent, budget)


def keep_bill(
    engine: sa.Engine, usages: Sequence[Usage], *, vertical_id: UUID, canonical_id: str | None = None
) -> None:
    """Committed on its own, so that a call is on the books whatever becomes of its answer."""
    with transaction(engine, ACTOR) as connection:
        ai_usage.record(
            connection, [asdict(usage) for usage in usages], vertical_id=vertical_id, canonical_id=canonical_id
        )
