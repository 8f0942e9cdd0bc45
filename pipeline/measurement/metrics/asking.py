"""The questions that one account's due publications make, batch by batch, and what a failed one means for the rest."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline.platforms.base import Adapter, Gone, Metrics, PlatformUnavailableError
from pipeline.platforms.http import batches
from pipeline.store.metrics import DuePublication
from pipeline.vocabulary import ErrorKind

_ACCOUNT: Final = {ErrorKind.AUTH, ErrorKind.RATE_LIMITED}
"""These concern the whole account: nothing more is asked of it."""
_PASSING: Final = {ErrorKind.NETWORK, ErrorKind.UNAVAILABLE, ErrorKind.LOST, ErrorKind.PENDING}
"""After these the same question may be answered. Any other is the platform's word on what it was asked for."""
_PASSING_IN_A_ROW: Final = 3
_REFUSED_IN_A_ROW: Final = 12
"""Enough to find, by halves, the one of a thousand that the platform will not hear of."""
_MAYBE_CHARGED: Final = {ErrorKind.NETWORK, ErrorKind.LOST, ErrorKind.PROTOCOL}


@dataclass(frozen=True, slots=True)
class Told:
    """What the platform answered of a batch, by its own ids; of an id that is missing nothing is known."""

    batch: Sequence[DuePublication]
    answers: Mapping[str, Metrics | Gone]
    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """A batch without an answer."""

    batch: Sequence[DuePublication]
    error: PlatformUnavailableError

    @property
    def concerns_account(self) -> bool:
        return self.error.error.kind in _ACCOUNT

    @property
    def is_passing(self) -> bool:
        return self.error.error.kind in _PASSING

    @property
    def is_maybe_charged(self) -> bool:
        """The platform may have answered: its answer was lost, or made no sense."""
        return self.error.error.kind in _MAYBE_CHARGED


def ask(
    adapter: Adapter,
    publications: Sequence[DuePublication],
    size: int,
    before: Callable[[Sequence[DuePublication]], None],
) -> Iterator[Told | Failed]:
    """Ask for the publications, `size` a question; `before` is called with each batch just before its question.

    A batch that fails leaves the others: the platform is left alone only where the failure is about the account, or
    where several follow one another. A refused batch is asked for again by halves, so that one publication which the
    platform will not hear of hides none of the others. What was not asked for is not reported.
    """
    waiting = deque(batches(publications, size))
    in_a_row = 0
    while waiting:
        batch = waiting.popleft()
        before(batch)
        try:
            answers = adapter.metrics([publication.external_id for publication in batch])
        except PlatformUnavailableError as error:
            failed = Failed(batch, error)
            yield failed
            in_a_row += 1
            if failed.concerns_account or in_a_row >= (_PASSING_IN_A_ROW if failed.is_passing else _REFUSED_IN_A_ROW):
                return
            if not failed.is_passing and len(batch) > 1:
                half = len(batch) // 2
                waiting.extendleft((batch[half:], batch[:half]))
        else:
            in_a_row = 0
            yield Told(batch, answers, datetime.now(UTC))
