"""What the writer may cost, and the book of what it did.

A budget is never overrun, however many threads and processes write at once: before a call its most expensive outcome
is reserved, in the same transaction that finds room for it.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.settings import settings
from pipeline.store import ai_calls
from pipeline.store.ai_calls import Standing
from pipeline.store.analysis_holds import Hold
from pipeline.store.database import transaction
from pipeline.writing.base import WriterError
from pipeline.writing.calls import Answer, Call, Usage

ACTOR = "writer"

_LONGEST_WAIT_SECONDS: Final = 300.0
"""For calls under way to end, where they hold what is left of a budget. Most cost far less than they reserve."""
_LOOK_AGAIN_SECONDS: Final = 0.25
_SOON: Final = timedelta(minutes=5)
_AN_HOUR: Final = timedelta(hours=1)


class BudgetExceededError(WriterError):
    """A budget does not allow the call; nothing was called.

    Attributes:
        not_before: when it may be called: the next day or month.
        needs_usd: what it can cost at most, where it may be called before, once the budgets have room for that.
    """

    def __init__(self, message: str, *, not_before: datetime, needs_usd: Decimal | None = None) -> None:
        super().__init__(message, not_before=not_before)
        self.needs_usd = needs_usd

    def hold(self) -> Hold:
        """For how long no call of that kind need be tried; one that no room is the fault of, for minutes only."""
        assert self.not_before is not None
        latest = self.not_before if self.needs_usd is not None else datetime.now(UTC) + _SOON
        return Hold(min(self.not_before, latest), self.needs_usd)


class UnknownPriceError(BudgetExceededError):
    """What the call would cost is not known, so no budget can be kept. It goes on once a price is set."""


@dataclass(frozen=True, slots=True)
class Book:
    """The book for one vertical's calls, or one post's; `content_id` is the item that is analysed."""

    engine: sa.Engine
    vertical_id: UUID
    canonical_id: str | None = None
    content_id: UUID | None = None

    def answer(self, key: str) -> Answer | None:
        with self.engine.begin() as connection:
            kept = ai_calls.use_again(connection, key)
        return None if kept is None else Answer(kept.answer, kept.model, kept.truncated)

    def admit(self, call: Call) -> "Entry":
        """Let a call begin; where calls under way hold what is left of a budget, once enough of them have ended.

        Raises:
            BudgetExceededError: a budget has no room for the call's most expensive outcome.
            UnknownPriceError: nobody knows what the call costs.
        """
        if call.most_usd is None:
            raise UnknownPriceError(
                f"What {call.model} costs is not known, so no budget could be kept: nothing was called. Set its price "
                f"(0 for a model of your own): pressroom costs prices set {call.model} --input USD --output USD",
                not_before=datetime.now(UTC) + _AN_HOUR,
            )
        give_up_at = time.monotonic() + _LONGEST_WAIT_SECONDS
        while True:
            with transaction(self.engine, ACTOR) as connection:
                ai_calls.one_at_a_time(connection)
                standings = ai_calls.standings_of(connection, self.vertical_id, default_budget())
                tight = [s for s in standings if s.spent_usd + s.under_way_usd + call.most_usd > s.budget_usd]
                if not tight:
                    return Entry(self, call, self._begin(connection, call, call.most_usd))
            exceeded = [standing for standing in tight if standing.spent_usd + call.most_usd > standing.budget_usd]
            if exceeded:
                raise _exceeded(max(exceeded, key=lambda standing: standing.starts_again_at), call.most_usd)
            if time.monotonic() > give_up_at:
                raise BudgetExceededError(
                    "Calls under way hold what is left of the writer's budget.", not_before=datetime.now(UTC) + _SOON
                )
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _begin(self, connection: sa.Connection, call: Call, most_usd: Decimal) -> int:
        return ai_calls.begin(
            connection, {**self._who(call), "model": call.model, "most_usd": most_usd}, lasts_seconds=call.seconds
        )

    def _who(self, call: Call) -> dict[str, object]:
        return {
            "task": call.task,
            "provider": call.provider,
            "attempt": call.attempt,
            "canonical_id": self.canonical_id,
            "content_id": self.content_id,
            "vertical_id": self.vertical_id,
        }

    def end(self, call: Call, number: int, usage: Usage, answer: Answer | None) -> None:
        """Committed on its own, so that a call is on the books whatever becomes of its answer."""
        price = usage.price
        bill = {
            **self._who(call),
            "model": usage.model,
            "input_tokens": usage.input_tokens,
            "cached_input_tokens": usage.cached_input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
            "most_usd": None if usage.free else call.most_usd,
            "latency_ms": usage.latency_ms,
            "outcome": usage.outcome,
            "error": usage.error,
            "price_list": price and price.source,
            "input_usd_per_million": price and price.input,
            "cached_input_usd_per_million": price and price.cached_input,
            "output_usd_per_million": price and price.output,
            "answer_key": call.key if answer else None,
        }
        kept = None
        if answer is not None:
            kept = {
                "key": call.key,
                "model": answer.model,
                "answer": answer.text,
                "truncated": answer.truncated,
            }
        with transaction(self.engine, ACTOR) as connection:
            ai_calls.end(connection, number, bill, kept)


@dataclass(frozen=True, slots=True)
class Entry:
    """A call under way, in the database's book."""

    book: Book
    call: Call
    number: int

    def keep(self, usage: Usage, answer: Answer | None) -> None:
        self.book.end(self.call, self.number, usage, answer)


def book(
    engine: sa.Engine, *, vertical_id: UUID, canonical_id: str | None = None, content_id: UUID | None = None
) -> Book:
    """Where the calls for a vertical, for one of its posts, or for the analysis of an item are admitted and kept."""
    return Book(engine, vertical_id, canonical_id, content_id)


def default_budget() -> Decimal:
    """US dollars a day for all verticals, from the environment; it holds while no other is set for that."""
    return Decimal(str(settings().writer_budget_usd_per_day))


def _exceeded(standing: Standing, most_usd: Decimal) -> BudgetExceededError:
    whose = "The writer's budget" if standing.vertical is None else f"The writer's budget for {standing.vertical}"
    when = "today" if standing.period == "day" else "this month"
    raises = "PRESSROOM_WRITER_BUDGET_USD_PER_DAY" if standing.from_settings else "pressroom costs budget set"
    return BudgetExceededError(
        f"{whose} {when} has no room: {standing.spent_usd:.4f} of {standing.budget_usd:.2f} US dollars are spent, "
        f"and the next call can cost {most_usd:.4f}. "
        f"It goes on by itself at {standing.starts_again_at:%Y-%m-%d %H:%M} UTC; {raises} raises it.",
        not_before=standing.starts_again_at,
        needs_usd=most_usd,
    )
