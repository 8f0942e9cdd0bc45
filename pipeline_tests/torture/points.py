"""Fault points: every gap between two steps of a worker, each under a name that is the same in every run.

A gap is named after the step before it: "after claims.claim 2" is before whatever comes next. Nothing in production
code knows of them. They are found from outside, in the worker's own process: SQLAlchemy tells of each statement, its
dialect of each commit, httpcore of each exchange (and of the moment between request and answer), a wrapper of what comes
out of an adapter, and the site's files are seen where they are put in place. A statement is named after the function of
`pipeline.store` that speaks it, and counted within its transaction.
"""

import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpcore
import sqlalchemy as sa

from pipeline.distribution.accounts import AdapterFactory
from pipeline.platforms.base import Adapter, Journal, PublishOutcome, ReconcileOutcome
from pipeline.platforms.content import Content
from pipeline.store.accounts import AccountRow

Reach = Callable[[str], None]

_STAGES = {
    "connection.connect_tcp.complete": "in {}, connected",
    "http11.send_request_body.complete": "in {}, request sent",
    "http11.receive_response_body.complete": "after {}",
}
"""httpcore's events of an exchange, and what the gap behind each is called."""
_OF_THE_CASE = re.compile(r"[^/]*(?:[0-9a-f]{8,}|\d{4,})[^/]*")
"""A part of a path that differs from case to case: an id, or a slug that ends in one."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The n-th time that a worker comes by a place."""

    name: str
    time: int = 1

    def __str__(self) -> str:
        return self.name if self.time == 1 else f"{self.name} (time {self.time})"


class Points:
    """Counts the points a process comes by; at the one that is asked for, something happens to it."""

    def __init__(self, target: Point | None = None, happens: Callable[[], None] = lambda: None) -> None:
        self.passed: list[Point] = []
        self._target = target
        self._happens = happens
        self._times: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            self._times[name] += 1
            point = Point(name, self._times[name])
            self.passed.append(point)
        if point == self._target:
            self._happens()


def watch_database(engine: sa.Engine, reach: Reach) -> None:
    """After each statement and each commit of an engine."""
    transaction = threading.local()  # a transaction is one thread's; what it has said so far

    @sa.event.listens_for(engine, "after_cursor_execute")
    def after(*_: Any) -> None:
        speaker = _speaker()
        transaction.said = [*getattr(transaction, "said", ()), speaker]
        reach(f"after {speaker} {transaction.said.count(speaker)}")

    commit, roll_back = engine.dialect.do_commit, engine.dialect.do_rollback

    def watched_commit(connection: Any) -> None:
        commit(connection)
        said, transaction.said = getattr(transaction, "said", []), []
        reach(f"after the commit of {', '.join(dict.fromkeys(said))}")

    def watched_rollback(connection: Any) -> None:
        roll_back(connection)
        transaction.said = []

    engine.dialect.do_commit = watched_commit  # type: ignore[assignment]
    engine.dialect.do_rollback = watched_rollback  # type: ignore[assignment]


def _speaker() -> str:
    """The innermost function of the store, or else of the pipeline, that is at work in this thread."""
    frame = sys._getframe()
    found = "nobody"
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        module, name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        if name.startswith("<") or not module.startswith("pipeline.") or module == "pipeline.store.database":
            continue
        label = f"{module.rpartition('.')[2]}.{name}"
        if module.startswith("pipeline.store."):
            return label
        if found == "nobody":
            found = label
    return found


def watch_http(reach: Reach) -> None:
    """Within and after every exchange that leaves this process through httpcore, on which httpx stands."""
    send = httpcore.ConnectionPool.handle_request

    def watched(pool: httpcore.ConnectionPool, request: httpcore.Request) -> httpcore.Response:
        path = request.url.target.decode().partition("?")[0]
        name = f"{request.method.decode()} {_OF_THE_CASE.sub('…', path)}"

        def trace(event: str, _: Any) -> None:
            if event in _STAGES:
                reach(_STAGES[event].format(name))

        request.extensions = {**request.extensions, "trace": trace}
        return send(pool, request)

    httpcore.ConnectionPool.handle_request = watched  # type: ignore[assignment]


def watch_files(folder: Path, reach: Reach) -> None:
    """After each rename into a folder: so the site's files come into being."""
    rename = os.replace

    def watched(source: Any, target: Any, **how: Any) -> None:
        rename(source, target, **how)
        if Path(target).is_relative_to(folder):
            reach(f"after file {_OF_THE_CASE.sub('…', str(Path(target).relative_to(folder)))}")

    os.replace = watched  # type: ignore[assignment]


def watched_factory(open_adapter: AdapterFactory, reach: Reach) -> AdapterFactory:
    """A factory whose adapters tell when they have published or reconciled."""

    def open_watched(row: AccountRow) -> Adapter:
        return _WatchedAdapter(open_adapter(row), reach)  # type: ignore[return-value]  # the rest is passed through

    return open_watched


class _WatchedAdapter:
    def __init__(self, adapter: Adapter, reach: Reach) -> None:
        self._adapter = adapter
        self._reach = reach

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        outcome = self._adapter.publish(content, journal)
        self._reach("after adapter.publish")
        return outcome

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        outcome = self._adapter.reconcile(content, journal)
        self._reach("after adapter.reconcile")
        return outcome
