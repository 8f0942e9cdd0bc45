"""What a claim and what its settling cost with much or little published history behind, and how they are planned."""

import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bench import databases, ours
from bench.progress import say
from bench.results import Row, Section, at_most
from pipeline.distribution.settling import Ended, settle
from pipeline.platforms.base import Published
from pipeline.store import accounts, claims

_HISTORIES = (10_000, 1_000_000, 5_000_000)
_DUE = 2_000
_LANES = 100
_ROUNDS = 31
_AIM = 1.3
_MAY_BE_READ_WHOLE = {"platforms", "publisher_verticals"}
"""Tables that stay small: an account, a publication a row."""

_LIMITS = "update platforms set posts_per_hour = 10, posts_per_day = 50 where not is_home"


@dataclass(slots=True)
class _Measured:
    """One database: its history, and the seconds of each round."""

    rows: int
    engine: sa.Engine
    claim: list[float] = field(default_factory=list)
    settle: list[float] = field(default_factory=list)


def measure(*, quick: bool) -> Section:
    histories = _HISTORIES[:2] if quick else _HISTORIES
    with databases.server() as server, ExitStack() as stack:
        measured = [stack.enter_context(_with_history(server, rows)) for rows in histories]
        for number in range(_ROUNDS):
            for each in measured:
                _round(each)
            if number % 10 == 0:
                say(f"  round {number + 1} of {_ROUNDS}")
        read = {each.rows: _plan(each.engine) for each in measured}
    smallest = measured[0]
    rows = [_row("claim", each, each.claim, smallest.claim, smallest) for each in measured[1:]]
    rows += [_row("settle", each, each.settle, smallest.settle, smallest) for each in measured[1:]]
    rows += [_plan_row(history, plan) for history, plan in read.items()]
    return Section("Cost of a claim", rows, _notes())


@contextmanager
def _with_history(server: sa.URL, rows: int) -> Iterator[_Measured]:
    started = time.monotonic()

    def fill(url: sa.URL) -> None:
        ours.fill(url, _DUE, history=rows)
        with databases.opened(url) as engine, engine.begin() as connection:
            connection.exec_driver_sql(_LIMITS)

    with databases.template(server, fill) as url, databases.opened(url) as engine:
        say(f"  {rows:,} published rows written in {time.monotonic() - started:.0f} s")
        yield _Measured(rows, engine)


def _round(measured: _Measured) -> None:
    """A claim of a hundred lanes and its settling, rolled back, so that every round finds the same."""
    started = time.perf_counter()
    with _rolled_back(measured.engine) as connection:
        claimed = _claim(connection)
        claim_done = time.perf_counter()
        ended = _published(connection, claimed)
        settle_started = time.perf_counter()
        settle(connection, ended, ours.config(_LANES))
        settle_done = time.perf_counter()
    assert len(claimed) == _LANES, f"{len(claimed)} lanes were claimed"
    measured.claim.append(claim_done - started)
    measured.settle.append(settle_done - settle_started)


def _claim(connection: sa.Connection) -> list[claims.Claimed]:
    return claims.claim(connection, worker="bench", lease=ours.config(_LANES).lease, lanes=_LANES)


def _published(connection: sa.Connection, claimed: Sequence[claims.Claimed]) -> list[Ended]:
    rows = {row.id: row for row in accounts.all_accounts(connection)}
    now = datetime.now(UTC)
    return [Ended(rows[item.platform_id], item, Published(str(item.id), None, now)) for item in claimed]


@contextmanager
def _rolled_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:  # closed without a commit
        yield connection


def _plan(engine: sa.Engine) -> set[tuple[str, str]]:
    """The node types of the plans of a claim's and its settling's statements, with the table or index they read."""
    statements: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        statements.append((arguments[2], arguments[3]))

    with _rolled_back(engine) as connection:
        sa.event.listen(engine, "before_cursor_execute", note)
        claimed = _claim(connection)
        settle(connection, _published(connection, claimed), ours.config(_LANES))
        sa.event.remove(engine, "before_cursor_execute", note)
    nodes: set[tuple[str, str]] = set()
    with _rolled_back(engine) as connection:
        for statement, parameters in statements:
            told = connection.exec_driver_sql(f"explain (format json) {statement}", parameters).scalar_one()
            (plan,) = told if isinstance(told, list) else json.loads(told)
            nodes |= set(_nodes(plan["Plan"]))
    return nodes


def _nodes(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield plan["Node Type"], plan.get("Index Name") or plan.get("Relation Name", "")
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _row(what: str, each: _Measured, seconds: Sequence[float], base: Sequence[float], smallest: _Measured) -> Row:
    ratio = statistics.median(a / b for a, b in zip(seconds, base, strict=True))
    return at_most(
        f"{what} of {_LANES}, {each.rows:,} published before",
        f"{statistics.median(seconds) * 1000:.1f} ms",
        f"{smallest.rows:,} before: {statistics.median(base) * 1000:.1f} ms",
        ratio,
        _AIM,
    )


def _plan_row(history: int, nodes: set[tuple[str, str]]) -> Row:
    whole = {read for kind, read in nodes if kind == "Seq Scan"} - _MAY_BE_READ_WHOLE
    kinds = ", ".join(sorted({kind for kind, _ in nodes if "Scan" in kind}))
    return Row(
        f"tables read whole, {history:,} published before",
        ", ".join(sorted(whole)) or "none",
        f"its scans: {kinds}",
        aim="not distributions",
        met="no" if "distributions" in whole else "yes",
    )


def _notes() -> list[str]:
    how = (
        f"{_LANES} lanes claimed and settled in one transaction that is rolled back, {_ROUNDS} rounds in turns over "
        "databases that differ in history only; the ratio is the median of the rounds' ratios. Accounts have limits an "
        "hour and a day; each published row has its attempt in the journal."
    )
    plans = (
        "The plans are of the statements of `claims.claim` and `settling.settle` as they were sent. A table of a few "
        "pages may well be read whole; `platforms`, a row an account, is not counted."
    )
    return [how, plans]
