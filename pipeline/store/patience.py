"""A database that restarts is waited for, not died of."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa
import structlog

T = TypeVar("T")
log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0


def with_patience(action: Callable[[], T], patience: timedelta, *, until: Callable[[], bool] = lambda: False) -> T:
    """What `action`, a whole transaction, returns; begun again while the database doesn't answer.

    The action must be safe to repeat: the connection may break after the server has committed. It is given up, with
    the error it met, when `patience` is over or `until` says so.

    Raises:
        sqlalchemy.exc.DBAPIError: the last error; at once where it is not one that passes by itself.
    """
    deadline = time.monotonic() + patience.total_seconds()
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        # Shutdowns, refused and broken connections, deadlocks, lock time-outs; and a pool that is empty.
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            if time.monotonic() > deadline or until():
                raise
            log.warning("database_away", error=str(getattr(error, "orig", error)).strip().partition("\n")[0])
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
