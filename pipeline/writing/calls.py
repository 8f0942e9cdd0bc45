"""Calls to a model and the book they are kept in: admitted before they are made, billed the moment they end.

The book knows budgets and keeps answers; who calls knows neither. So nothing is called that a budget does not allow,
and what was answered once is never asked and paid for again, whichever step of the line died in between.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pipeline.vocabulary import AiOutcome


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. `source` names the list and its version, or says `own`."""

    source: str
    input: Decimal
    cached_input: Decimal
    output: Decimal

    def cost(self, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal:
        """US dollars. `input_tokens` counts the cached ones too."""
        cached = min(cached_input_tokens, input_tokens)
        million = Decimal(1_000_000)
        return (
            (input_tokens - cached) * self.input + cached * self.cached_input + output_tokens * self.output
        ) / million


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be made.

    Attributes:
        key: of the whole request; the same key is the same question.
        most_usd: what its most expensive outcome costs; None where the model's price is not known.
        seconds: how long it can take at most.
        attempt: 1 asks, 2 asks for a repair or asks again after a rate limit, and so on.
    """

    key: str
    task: str
    provider: str
    model: str
    most_usd: Decimal | None
    seconds: float
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """A call's bill. Unknown counts and costs are None. `cost_usd` is 0 only where the call is free.

    `free` says that the endpoint turned the call down before any work: a budget then counts nothing for it.
    """

    model: str
    latency_ms: int
    outcome: AiOutcome
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    price: Price | None = None
    error: str | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and which model it was. A truncated one is kept so that nobody pays for the same cut again."""

    text: str
    model: str
    truncated: bool = False


class Entry(Protocol):
    """A call under way. Until `keep` ends it, what it can cost at most counts as spent."""

    def keep(self, usage: Usage, answer: Answer | None) -> None:
        """Put the bill on the books, committed at once; `answer` is what need not be asked again."""


class CallBook(Protocol):
    """Safe to use from several threads and processes."""

    def answer(self, key: str) -> Answer | None:
        """What this very request was answered before."""

    def admit(self, call: Call) -> Entry:
        """Let a call begin.

        Raises:
            WriterError: a budget does not allow it, now or ever; nothing may be called.
        """
