"""Jobs a second: the engine against the seed's loop, PgQueuer and Procrastinate, on one server, in turns."""

import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import sqlalchemy as sa

from bench import databases, ours, seed_loop
from bench.progress import say
from bench.results import Row, Section, at_least

_LATENCIES = (0.0, 0.05)
_IN_FLIGHT = (20, 100)
_PEERS = ("asyncpg", "pgqueuer", "procrastinate")
_BOUND_AIM = 0.9
_AIMS = {(0.0, 100): 1.0, (0.05, 100): 1.3}
"""Of ours over the faster peer, by latency and how many are in flight."""
_SEED_JOBS = 200
_OURS = "ours"

Run = Callable[[sa.URL, int, float, int], float]
"""Of a database, its number of jobs, the seconds a call takes, and how many may be in flight: the seconds it took."""


@dataclass(frozen=True, slots=True)
class _Contender:
    name: str
    fill: Callable[[sa.URL, int], None]
    run: Run


@dataclass(frozen=True, slots=True)
class _Cell:
    """One latency and one number in flight; the jobs a second of each contender, round by round."""

    latency: float
    in_flight: int
    rates: Mapping[str, list[float]]

    @property
    def name(self) -> str:
        return f"{self.latency * 1000:.0f} ms, {self.in_flight} in flight"

    def rate(self, contender: str) -> float:
        return statistics.median(self.rates[contender])

    def ratio(self, peer: str) -> float:
        return statistics.median(a / b for a, b in zip(self.rates[_OURS], self.rates[peer], strict=True))

    def rows(self) -> list[Row]:
        ours, bound = f"{self.rate(_OURS):,.0f}/s", self.in_flight / self.latency if self.latency else None
        peers = sorted(self.rates.keys() - {_OURS}, key=self.rate, reverse=True)
        rows = [Row(self.name, ours, _told(self, peer), f"{self.ratio(peer):.2f}") for peer in peers]
        if peers and (self.latency, self.in_flight) in _AIMS:
            aim = _AIMS[self.latency, self.in_flight]
            rows[0] = at_least(self.name, ours, _told(self, peers[0]), self.ratio(peers[0]), aim)
        if bound is not None:
            rate = self.rate(_OURS)
            rows.append(at_least(self.name, ours, f"what the latency allows: {bound:,.0f}/s", rate / bound, _BOUND_AIM))
        return rows or [Row(self.name, ours)]


def measure(*, quick: bool) -> Section:
    jobs, rounds = (2_000, 1) if quick else (10_000, 3)
    with databases.server() as server:
        cells = [_cell(server, jobs, rounds, latency, width) for latency in _LATENCIES for width in _IN_FLIGHT]
        seed = [_seed_row(server, cell) for cell in cells if cell.in_flight == min(_IN_FLIGHT)]
    rows = [row for cell in cells for row in cell.rows()]
    return Section("Throughput", [*rows, *seed], _notes(jobs, rounds))


def _contenders(in_flight: int) -> list[_Contender]:
    contenders = [_Contender(_OURS, ours.fill, ours.run)]
    if any(find_spec(name) is None for name in _PEERS):
        return contenders
    from bench import peers

    contenders += [
        _Contender(f"PgQueuer, batches of {batch}", peers.fill_pgqueuer, partial(peers.run_pgqueuer, batch=batch))
        for batch in sorted({peers.PGQUEUER_BATCH, in_flight // 2})
    ]
    return [*contenders, _Contender("Procrastinate", peers.fill_procrastinate, peers.run_procrastinate)]


def _cell(server: sa.URL, jobs: int, rounds: int, latency: float, in_flight: int) -> _Cell:
    contenders = _contenders(in_flight)
    cell = _Cell(latency, in_flight, {contender.name: [] for contender in contenders})
    with ExitStack() as stack:
        templates = [stack.enter_context(databases.template(server, partial(_fill, each, jobs))) for each in contenders]
        for number in range(rounds):
            for contender, template in zip(contenders, templates, strict=True):
                with databases.clone(template) as url:
                    rate = jobs / contender.run(url, jobs, latency, in_flight)
                cell.rates[contender.name].append(rate)
                say(f"  {cell.name}, round {number + 1} of {rounds}: {contender.name} {rate:,.0f}/s")
    return cell


def _fill(contender: _Contender, jobs: int, url: sa.URL) -> None:
    contender.fill(url, jobs)


def _told(cell: _Cell, peer: str) -> str:
    return f"{peer}: {cell.rate(peer):,.0f}/s"


def _seed_row(server: sa.URL, cell: _Cell) -> Row:
    with (
        databases.template(server, lambda url: seed_loop.fill(url, _SEED_JOBS)) as template,
        databases.clone(template) as url,
    ):
        seconds = seed_loop.run(url, _SEED_JOBS, cell.latency) / _SEED_JOBS
    say(f"  the seed's loop, {cell.latency * 1000:.0f} ms: {1 / seconds:,.0f}/s in series")
    against = f"the seed's loop: {seconds * 1000:.1f} ms each, in series, if it never waited for its minute"
    return Row(cell.name, f"{cell.rate(_OURS):,.0f}/s", against, f"{cell.rate(_OURS) * seconds:.1f}")


def _notes(jobs: int, rounds: int) -> list[str]:
    how = (
        f"{jobs:,} jobs, {rounds} round{'s' if rounds > 1 else ''} in turns, medians; each round in a fresh copy of "
        "the same database, on the same server over the same socket. The platform is in the process and only takes its "
        "time: it sleeps, a thread with us, a coroutine with the peers."
    )
    ours_is = (
        "Ours is `publish_due` with everything on: claim, lease and fencing token, the journal, the approval's hash, "
        "home first, pacing, events, group status. After each round it is checked that each distribution had one "
        "effect, is published, and has one closed attempt. The home page's HTTP check is left out: no contender has "
        "its like."
    )
    peers_are = (
        "PgQueuer: asyncpg, uvloop, `max_concurrent_tasks`, with its default batch and with the largest that this cap "
        "allows. Procrastinate: psycopg, uvloop, a pool of 20. A job of either that dies is run again, sent or not."
    )
    seed_is = (
        f"The seed's loop sends {seed_loop.BATCH} a minute at most ({seed_loop.BATCH / seed_loop.MINUTE:.2f}/s), "
        f"however fast a platform is; the cost of a job was measured on {_SEED_JOBS}."
    )
    notes = [how, ours_is, peers_are, seed_is]
    if any(find_spec(name) is None for name in _PEERS):
        notes.append("PgQueuer and Procrastinate are not installed: pip install --no-deps -r bench/requirements.lock")
    return notes
