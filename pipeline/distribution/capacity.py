"""How much a worker takes in hand: enough that no thread waits for its next call, no more than it gets done."""

import time
from typing import Final, NamedTuple

_AHEAD_SECONDS: Final = 0.05
"""About as long as it takes to claim while much is going on."""
_AT_FIRST_SECONDS: Final = 1.0
_INSTANT_SECONDS: Final = 0.005
_LOOK_SECONDS: Final = 0.1
_BUSY: Final = 0.75
"""Of one processor: Python runs one thread at a time."""
_LEAST_WIDTH: Final = 8


class Over(NamedTuple):
    """What a worker has in hand no more: calls that have ended, after so many seconds; outcomes written down."""

    calls: int = 0
    seconds: float = 0.0
    outcomes: int = 0


class Capacity:
    """Counts the calls that have not ended and the outcomes that are not written down. One thread's."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._width = float(most)
        self._calls = 0
        self._call_seconds = _AT_FIRST_SECONDS
        self.outcomes = 0
        self._looked_at = time.monotonic()
        self._used = time.process_time()

    def take(self, claimed: int) -> None:
        self._calls += claimed
        self.outcomes += claimed

    def give_back(self, over: Over) -> None:
        self._calls -= over.calls
        self.outcomes -= over.outcomes
        if over.calls:
            self._call_seconds += (over.seconds - self._call_seconds) / 10

    @property
    def is_full(self) -> bool:
        return self._calls >= int(self._width) or self.outcomes >= 3 * self._most

    def room(self) -> int:
        """For how many there is a thread, or will be by the time they are claimed, going by how long calls took lately.

        What a worker that dies leaves in doubt is what it had in hand, so that has its limit too.
        """
        self._look()
        width = int(self._width)
        soon = int(width * min(1.0, _AHEAD_SECONDS / max(self._call_seconds, _INSTANT_SECONDS)))
        return max(0, min(width + soon - self._calls, 3 * self._most - self.outcomes))

    def _look(self) -> None:
        """Fewer calls at once where this process has no processor time left for them: more would get no more done, and
        each would be slower, that of a post whose second has come too.
        """
        now, used = time.monotonic(), time.process_time()
        passed = now - self._looked_at
        if passed < _LOOK_SECONDS:
            return
        busy = (used - self._used) / passed > _BUSY
        least = min(_LEAST_WIDTH, self._most)
        self._width = max(least, self._width * 0.8) if busy else min(self._most, self._width * 1.1)
        self._looked_at, self._used = now, used
