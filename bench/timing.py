"""What learned hours are worth: on real posts, with readers whose hours are known, and how long learning takes."""

import gzip
import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from bench import databases
from bench.audience import Run, regrets
from bench.progress import say
from bench.results import Row, Section, at_most
from pipeline import clock
from pipeline.learning.timing.hours import Account, learn
from pipeline.learning.timing.observed import Publications
from pipeline.settings import PROJECT_ROOT
from pipeline.store import database

Numbers = NDArray[np.float64]
Scores = Mapping[str, Numbers]
"""What each hour of the local week is worth, by account; -inf for an hour that is never chosen."""

_POSTS: Final = PROJECT_ROOT.parent / "shared" / "data" / "social_posts.jsonl.gz"
_ZONE: Final = "America/New_York"
_YOUNG: Final = timedelta(hours=48)
_LEARNED: Final = 0.6
_RESAMPLED: Final = 2_000
_ROWS: Final = 1_000_000
_AIM_SECONDS: Final = 60.0
_AIM_GIB: Final = 2.0
_OF_REAL: Final = (
    "Real posts: 40 news pages, July 2017, without those younger than 48 h at the crawl's end. Each page's hours are "
    "chosen on its first 60 % and judged on its last 40 %: the mean log engagement of that third of its later posts "
    "whose hours rank highest, less the mean of all its later posts; the mean over pages, with a 95 % interval from "
    "pages drawn anew. Where a rule ranks hours alike, the mean over them counts."
)
_OF_KNOWN: Final = (
    "Known readers: 8 accounts on two platforms, three posts a day each for 90 days, at three different hours of the "
    "day. Regret is what expected log engagement falls short of that of the day's three best hours, in the sum over 90 "
    "days. Hours are learned anew every third night. The seed's rule: hours with three posts or more by their mean "
    "engagement, others never; before there are any, the platform's default hours."
)


def measure(*, quick: bool) -> Section:
    rows: list[Row] = []
    if _POSTS.exists():
        say("timing: real posts")
        rows += _on_real_posts(_POSTS)
    say("timing: readers whose hours are known")
    rows += _regret(rounds=2 if quick else 10)
    say("timing: how long it takes")
    rows += _duration(_ROWS // 10 if quick else _ROWS)
    return Section(
        "Timing",
        rows,
        [
            _OF_REAL,
            _OF_KNOWN,
        ],
    )


@dataclass(frozen=True, slots=True)
class Post:
    """`hour` is of the local week, `y` its log engagement."""

    account: str
    hour: int
    day: int
    at: datetime
    y: float


def real_posts(path: Path) -> list[Post]:
    """By account and time, without those that were still young when they were gathered."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    times = [datetime.fromisoformat(row["posted_at"]) for row in rows]
    gathered = max(times)
    posts = []
    for row, at in zip(rows, times, strict=True):
        here = clock.local(at, _ZONE)
        hour = here.isoweekday() % 7 * 24 + here.hour
        y = float(np.log1p((row["shares"] or 0) + (row["reactions"] or 0)))
        posts.append(Post(row["account"], hour, here.toordinal(), at, y))
    return sorted((post for post in posts if post.at < gathered - _YOUNG), key=lambda post: (post.account, post.at))


def halves(posts: Sequence[Post]) -> tuple[list[Post], list[Post]]:
    """Each account's first 60 %, and its last 40 %."""
    first, last = [], []
    for own in _by_account(posts).values():
        cut = int(len(own) * _LEARNED)
        first += own[:cut]
        last += own[cut:]
    return first, last


def learned_scores(posts: Sequence[Post]) -> Scores:
    by_account = _by_account(posts)
    accounts = list(by_account)
    number = {name: place for place, name in enumerate(accounts)}
    ends = {name: own[-1].at for name, own in by_account.items()}
    publications = Publications(
        account=np.array([number[post.account] for post in posts], np.intp),
        hour=np.array([post.hour for post in posts]),
        day=np.array([post.day for post in posts]),
        age_days=np.array([(ends[post.account] - post.at) / timedelta(days=1) for post in posts]),
        log_engagement=np.array([post.y for post in posts]),
        added_variance=np.zeros(len(posts)),
    )
    weeks = learn([Account(UUID(int=place), 0) for place in range(len(accounts))], publications, now=posts[-1].at)
    return {
        name: np.array([hour.value for hour in week.hours] or [1.0] * 168)
        for name, week in zip(accounts, weeks, strict=True)
    }


def seed_scores(posts: Sequence[Post]) -> Scores:
    """The mean of each hour of the week with three posts or more."""
    return {name: _means(own, least=3) for name, own in _by_account(posts).items()}


def pooled_scores(posts: Sequence[Post]) -> Scores:
    """The mean of each hour of the day over all accounts, each post taken within its account."""
    by_account = _by_account(posts)
    level = {name: float(np.mean([post.y for post in own])) for name, own in by_account.items()}
    hours = np.array([post.hour % 24 for post in posts])
    within = np.array([post.y - level[post.account] for post in posts])
    counts = np.bincount(hours, minlength=24)
    means = np.where(counts > 0, np.bincount(hours, within, 24) / np.maximum(counts, 1), -np.inf)
    return dict.fromkeys(by_account, np.tile(means, 7))


def gains(scores: Scores, later: Sequence[Post]) -> Numbers:
    """By account: how much more log engagement than its mean the best-ranked third of its later posts had."""
    return np.array([_gain(scores[name], own) for name, own in _by_account(later).items()])


def interval(values: Numbers, *, seed: int = 1) -> tuple[float, float]:
    """95 %, of the mean, by drawing the accounts anew."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (_RESAMPLED, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _gain(score: Numbers, own: Sequence[Post]) -> float:
    y = np.array([post.y for post in own])
    ranked = score[[post.hour for post in own]]
    left, total = len(own) / 3, 0.0
    for value in np.unique(ranked)[::-1]:
        alike = y[ranked == value]
        taken = min(left, len(alike))
        total += taken * float(alike.mean())
        left -= taken
        if left <= 0:
            break
    return total / (len(own) / 3) - float(y.mean())


def _on_real_posts(path: Path) -> list[Row]:
    first, last = halves(real_posts(path))
    rules: Mapping[str, Callable[[Sequence[Post]], Scores]] = {
        "learned hours": learned_scores,
        "pooled hours only": pooled_scores,
        "the seed's average with three": seed_scores,
    }
    found = {name: gains(rule(first), last) for name, rule in rules.items()}
    rows = [Row(f"real posts: gain in log engagement, {name}", _said(values)) for name, values in found.items()]
    ours = found["learned hours"]
    rows += [
        Row(f"real posts: learned hours less {name}", _said(ours - values))
        for name, values in found.items()
        if name != "learned hours"
    ]
    return rows


def _said(values: Numbers) -> str:
    low, high = interval(values)
    return f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def _regret(*, rounds: int) -> list[Row]:
    runs: list[Run] = [regrets(seed) for seed in range(rounds)]
    names = list(runs[0])
    means = {name: np.array([run[name] for run in runs]) for name in names}
    ours = "learned, 10 % explore"
    rows = []
    for name in names:
        values = means[name]
        against = means[ours]
        ratio = f"{against.mean() / values.mean():.2f}" if values.mean() > 0 else ""
        rows.append(
            Row(
                f"regret in 90 days, {rounds} audiences: {name}",
                f"{values.mean():.0f} ({values.min():.0f} to {values.max():.0f})",
                ratio=ratio,
            )
        )
    return rows


def _duration(rows: int) -> list[Row]:
    with databases.server() as server, databases.template(server, lambda url: _fill(url, rows)) as url:
        seconds, gib = _in_a_process(url)
    count = f"{rows:,} publications on 100 accounts"
    return [
        Row(
            f"learning from {count}",
            f"{seconds:.1f} s",
            aim=f"≤ {_AIM_SECONDS:.0f} s",
            met=_met(seconds <= _AIM_SECONDS),
        ),
        at_most(f"memory for {count}, GiB", f"{gib:.2f}", "", gib, _AIM_GIB),
    ]


def _met(met: bool) -> str:
    return "yes" if met else "no"


def _in_a_process(url: sa.URL) -> tuple[float, float]:
    """Seconds, and the most memory that a fresh process held."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_learn, args=(url.render_as_string(hide_password=False), theirs))
    process.start()
    theirs.close()  # so that a process that fails ends the waiting as well
    found: tuple[float, float] = ours.recv()
    process.join()
    return found


def _learn(url: str, connection: Any) -> None:
    from pipeline.learning.timing.learning import learn_hours

    engine = database.create_engine(sa.make_url(url))
    began = time.perf_counter()
    learn_hours(engine, "bench", now=datetime.now(UTC), exploring=0.1)
    seconds = time.perf_counter() - began
    connection.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


_FILL: Final = """
    insert into platforms (name, account_key, account_id)
    select (array['x', 'linkedin', 'mastodon', 'bluesky'])[1 + mod(n, 4)], 'account-' || n, n
    from generate_series(1, 100) as n;
    set local session_replication_role = replica;
    create temporary table published on commit drop as
        select gen_random_uuid() as id, p.id as platform_id,
            now() - interval '1 day' - random() * interval '360 days' as at, exp(3 + 1.2 * random_normal()) as reached
        from platforms p cross join generate_series(1, {rows} / 100) as n;
    insert into distribution_age_figures
        (distribution_id, age_hours, platform_id, published_at, measured_age_hours, engagements)
    select id, age, platform_id, at, age, floor(reached * share)
    from published cross join (values (1, 0.1), (6, 0.4), (24, 0.8), (48, 1.0)) as grown (age, share)
"""


def _fill(url: sa.URL, rows: int) -> None:
    database.migrate(url)
    with databases.opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(_FILL.format(rows=rows))


def _means(own: Sequence[Post], *, least: int) -> Numbers:
    hours = np.array([post.hour for post in own])
    counts = np.bincount(hours, minlength=168)
    sums = np.bincount(hours, [post.y for post in own], 168)
    return np.where(counts >= least, sums / np.maximum(counts, 1), -np.inf)


def _by_account(posts: Sequence[Post]) -> dict[str, list[Post]]:
    bounds = [0, *(n for n, (one, two) in enumerate(pairwise(posts), 1) if one.account != two.account), len(posts)]
    return {posts[begins].account: list(posts[begins:ends]) for begins, ends in pairwise(bounds)}
