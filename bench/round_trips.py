"""What one publication says to the database: statements and transactions, alone and as one of many."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from bench import databases, ours
from bench.platform import Platform
from bench.results import Row, Section
from pipeline.distribution.publish import publish_due

_MANY = 2_000


@dataclass(slots=True)
class _Said:
    statements: int = 0
    transactions: int = 0


def measure(*, quick: bool) -> Section:
    many = _MANY // 4 if quick else _MANY
    with databases.server() as server:
        alone, idle = _publish(server, 1, 1), _publish(server, 0, 1)
        batched = {width: _publish(server, many, width) for width in (20, 100)}
    rows = [
        Row("one publication", _told(alone.statements, alone.transactions, 1)),
        Row("of it, finding that nothing more is due", _told(idle.statements, idle.transactions, 1)),
    ]
    rows += [
        Row(f"each of {many:,}, {width} in flight", _told(said.statements, said.transactions, many))
        for width, said in batched.items()
    ]
    note = (
        "Counted where SQLAlchemy hands them to the driver. A statement is one round trip; a transaction adds its "
        "commit (its begin goes with its first statement). The heartbeat, three times a lease, is not in it."
    )
    return Section("Round trips", rows, [note])


def _publish(server: sa.URL, jobs: int, in_flight: int) -> _Said:
    with (
        databases.template(server, partial(_fill, jobs=jobs)) as url,
        databases.opened(url) as engine,
    ):
        platform = Platform(0.0)
        with engine.connect():  # what a first connection asks of the server is not the publication's
            pass
        with _counted(engine) as said:
            publish_due(engine, platform.open, ours.config(in_flight), worker="bench")
        if jobs:
            ours.check(engine, platform, jobs)
    return said


def _fill(url: sa.URL, *, jobs: int) -> None:
    ours.fill(url, max(jobs, 1))
    if jobs == 0:
        with databases.opened(url) as engine, engine.begin() as connection:
            connection.execute(sa.text("update distributions set status = 'cancelled' where status = 'scheduled'"))


@contextmanager
def _counted(engine: sa.Engine) -> Iterator[_Said]:
    said = _Said()

    def statement(*_: Any) -> None:
        said.statements += 1

    def transaction(*_: Any) -> None:
        said.transactions += 1

    sa.event.listen(engine, "before_cursor_execute", statement)
    sa.event.listen(engine, "begin", transaction)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", statement)
        sa.event.remove(engine, "begin", transaction)


def _told(statements: int, transactions: int, jobs: int) -> str:
    if jobs == 1:
        return f"{statements} statements in {transactions} transactions"
    return f"{statements / jobs:.2f} statements in {transactions / jobs:.2f} transactions"
