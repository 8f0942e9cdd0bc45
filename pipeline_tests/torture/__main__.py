"""`make torture`: the engine under kills, freezes, faults, restarts and wrong clocks, by chance; then the verdict.

With --matrix: every fault point, with every adapter, under every fault, one after the other.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from pipeline.sandbox.vocabulary import FaultKind
from pipeline.store import database, embedded
from pipeline_tests.torture import matrix, outside
from pipeline_tests.torture.chaos import HASTY, Chaos
from pipeline_tests.torture.newsroom import Newsroom, Sent
from pipeline_tests.torture.points import Point
from pipeline_tests.torture.verdict import VIOLATIONS, Verdict, effects_of, judge, story

out = Console(highlight=False)

_POSTS_A_SECOND = 3
_SHOWN_STORIES = 5


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make torture", description=__doc__)
    arguments.add_argument("--posts", type=int, default=200, help="how many posts, each with a home and up to 3 others")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments.add_argument("--matrix", action="store_true", help="go through the whole kill matrix instead")
    asked = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the server is stopped too
    # Under /tmp, so that the path of PostgreSQL's socket fits.
    with tempfile.TemporaryDirectory(prefix="pressroom-torture-", dir="/tmp") as scratch, _server(Path(scratch)) as url:
        if asked.matrix:
            return whole_matrix(url, Path(scratch))
        return random_schedule(url, Path(scratch), posts=asked.posts, seed=asked.seed)


def whole_matrix(template: sa.URL, scratch: Path) -> int:
    """Every point that a worker passes, on each platform and under each fault: its exit code."""
    counts: Counter[str] = Counter()
    with matrix.rooms(template, scratch, 3) as rooms:
        unharmed = list(matrix.try_all(rooms, matrix.ALL_PLATFORMS_AND_FAULTS))
        cases = [replace(result.case, point=point) for result in unharmed for point in result.passed]
        out.print(f"{len(cases)} cases: {len(unharmed)} platforms and faults, up to {_most(unharmed)} points each")
        for number, result in enumerate(matrix.try_all(rooms, cases), 1):
            counts["killed" if result.killed else "point not reached"] += 1
            if result.wrong:
                counts["wrong"] += 1
                out.print(f"[bold red]Wrong:[/] {result.wrong}", markup=True)
            if number % 100 == 0 or number == len(cases):
                out.print(f"{number}: {_told(counts)}")
        counts["wrong"] += sum(1 for result in unharmed if result.wrong)
    return 1 if counts["wrong"] else 0


def random_schedule(url: sa.URL, scratch: Path, *, posts: int, seed: int) -> int:
    """Chaos for as long as posts fall due, then recovery and the verdict: its exit code."""
    out.print(f"{posts} posts, seed {seed}")
    chance = random.Random(seed)
    engine = database.create_engine(url)
    with outside.running(scratch) as world:
        room = Newsroom(engine, world, scratch)
        room.rehearse()
        chaos = Chaos(room, scratch / "postgres", _points(room), chance)
        limit = max(5, posts // 20)
        seconds = max(20.0, posts / _POSTS_A_SECOND)
        sent, limited = _schedule(room, posts, chance, timedelta(seconds=seconds), limit)
        out.print(f"{len(sent)} distributions fall due within {seconds:.0f} s")
        begun = time.monotonic()
        chaos.rage(seconds + 10, lambda: out.print(f"{time.monotonic() - begun:4.0f} s  {_states(engine)}"))

        beyond = _beyond_limits(room, sent, limited, limit)
        chaos.resume_accounts()
        out.print("Quiet. A last worker recovers what is left, while hours pass …")
        job = room.job(name="last", awaited=tuple(each.id for each in sent))
        code = job.run(seconds=1800)
        verdict = judge(room, sent)
        verdict.counts["beyond a limit"] = beyond
        _show(room, verdict, chaos, posts=posts, seed=seed)
        if code != 0:
            out.print(f"The last worker ended with {code}:\n{job.log.read_text()[-3000:]}", markup=False)
        if chaos.longest_freeze > HASTY.settle.total_seconds() - 2:
            out.print(
                f"The machine itself stood still: a freeze became {chaos.longest_freeze:.1f} s. This run proves nothing."
            )
            return 2
    engine.dispose()
    return 1 if code != 0 or verdict.violations or beyond else 0


def _schedule(
    room: Newsroom, posts: int, chance: random.Random, span: timedelta, limit: int
) -> tuple[list[Sent], list[UUID]]:
    """Posts with a home page and up to three others, in groups; and the accounts that have a limit an hour."""
    homes = [room.account("site", is_home=True) for _ in range(3)]
    free = [room.account(platform) for platform in room.sendings for _ in range(2)]
    limited = [room.account(platform, posts_per_hour=limit) for platform in room.sendings]
    sent = []
    for _ in range(posts):
        others = chance.sample(free, chance.randint(1, 2)) + chance.sample(limited, chance.randint(0, 1))
        sent += room.post([chance.choice(homes), *others], due_in=span * chance.random(), grouped=True)
    return sent, limited


def _points(room: Newsroom) -> list[Point]:
    """Every place by which a worker comes when answers are lost, on any platform."""
    cases = [matrix.Case(platform, FaultKind.DROP_AFTER) for platform in room.sendings]
    passed = [point for case in [*cases, matrix.Case("site", None)] for point in matrix.try_case(room, case).passed]
    return sorted({Point(point.name) for point in passed})


def _beyond_limits(room: Newsroom, sent: list[Sent], limited: list[UUID], limit: int) -> int:
    """How many more than allowed in an hour were published; the chaos was shorter than one."""
    effects = effects_of(room, sent)
    by_account = Counter[UUID]()
    for each in sent:
        by_account[each.account_id] += len(effects[each.id])
    return sum(max(0, by_account[account] - limit) for account in limited)


def _show(room: Newsroom, verdict: Verdict, chaos: Chaos, *, posts: int, seed: int) -> None:
    table = Table(box=None)
    for heading in ("outcome", "", "violation", "", "what befell them", ""):
        table.add_column(heading, justify="left" if heading else "right")
    outcomes = ("published", "failed", "held", "unknown", "cancelled")
    violations = (*VIOLATIONS, "beyond a limit")
    befell = ("kills", "drained", "gave up", "freezes", "faults", "restarts", "accounts resumed")
    for row in range(max(len(outcomes), len(violations), len(befell))):
        cells = []
        for names, counts in ((outcomes, verdict.counts), (violations, verdict.counts), (befell, chaos.counts)):
            cells += [names[row], str(counts[names[row]])] if row < len(names) else ["", ""]
        table.add_row(*cells)
    out.print(table)
    for id_, said in list(verdict.violations.items())[:_SHOWN_STORIES]:
        out.print(f"\n{id_}: {'; '.join(said)}\n{story(room.engine, id_)}", markup=False)
    out.print(f"{len(verdict.violations)} distributions went wrong. Again: make torture N={posts} SEED={seed}")


def _states(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select status, count(*) from distributions group by 1 order by 1"))
        return ", ".join(f"{count} {status}" for status, count in rows)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _most(results: list[matrix.Result]) -> int:
    return max(len(result.passed) for result in results)


@contextmanager
def _server(scratch: Path) -> Iterator[sa.URL]:
    data = scratch / "postgres"
    url = embedded.start(data).set(database="torture")
    try:
        database.create_database(url)
        database.migrate(url)
        yield url
    finally:
        embedded.stop(data)


if __name__ == "__main__":
    sys.exit(main())
