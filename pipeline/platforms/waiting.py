"""Waiting for a platform that works on what was uploaded."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T | None], *, seconds: float, pause: float) -> T | None:
    """What `ask` answers once that is not None; None where it is not within so many seconds.

    It is asked once at least, and again after each pause.
    """
    deadline = time.monotonic() + seconds
    while (answer := ask()) is None and time.monotonic() + pause < deadline:
        time.sleep(pause)
    return answer
