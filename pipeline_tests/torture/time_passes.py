"""Time, as far as the engine knows it: it lives by the database's clock alone.

Every instant that the engine reads is a row's; moving them all into the past is the same as waiting. So a lease of two
minutes and a settle time of ten keep their production values, and no test depends on how fast the machine is.
"""

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from pipeline.store import tables
from pipeline.vocabulary import AccountState

_ACTIVE = sa.select(tables.platforms.c.id).where(tables.platforms.c.state == AccountState.ACTIVE)
_LIVING = {
    tables.distributions: tables.distributions.c.platform_id.in_(_ACTIVE),
    tables.publish_attempts: tables.publish_attempts.c.platform_id.in_(_ACTIVE),
    tables.platforms: tables.platforms.c.state == AccountState.ACTIVE,
    tables.handovers: tables.handovers.c.platform_id.in_(_ACTIVE),
    tables.outbox: sa.true(),
    tables.workers: sa.true(),
}
"""The rows whose instants the engine compares with now. Logs are append-only, and nothing is decided by them; of the
accounts that tests are done with there are many, and nothing is sent from them."""


def pass_time(engine: sa.Engine, how_long: timedelta) -> None:
    """Let time go by in a database at rest."""
    with engine.begin() as connection:
        for table, living in _LIVING.items():
            instants = [column for column in table.c if column.type is tables.Instant and column.name != "updated_at"]
            moved = {column: column - how_long for column in instants}
            connection.execute(table.update().where(living).values(moved))


def skew_clock(by: timedelta) -> None:
    """Set this process's wall clock wrong: whatever of ours asks `datetime.now` or `time.time` is told `by` more.

    For a process that is of no further use; the database and the platforms keep the right time.
    """
    real = time.time
    time.time = lambda: real() + by.total_seconds()

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + by

    for name, module in list(sys.modules.items()):
        if name.startswith("pipeline.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Skewed  # type: ignore[attr-defined]


def wait_until(happened: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something that must happen, however slow the machine is."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)
