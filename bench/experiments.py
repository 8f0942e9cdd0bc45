"""Experiments on real tests: false alarms under constant looking, decisions, what a bandit earns. No database."""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.progress import say
from bench.results import Row, Section, at_least, at_most
from pipeline.learning.experiments import bandit
from pipeline.learning.experiments.history import expected
from pipeline.learning.experiments.model import DEFAULT_SPREAD, Prior
from pipeline.learning.experiments.power import split_spread
from pipeline.learning.experiments.rule import decide
from pipeline.learning.experiments.sequences import mixing_for, pairs, ratio_of_rates
from pipeline.settings import PROJECT_ROOT
from pipeline.vocabulary import Verdict

_DATA: Final = PROJECT_ROOT.parent / "shared" / "data"
_LEVEL: Final = 0.05
_SPREAD: Final = 0.5
_MARGIN: Final = 0.05
_PLAIN: Final = 1.16
"""What a plain Thompson sampler is said to get, as a multiple of the fixed split's clicks."""
_STEPS: Final = 200
_DRAWS_A_STEP: Final = 8
_PAIRS: Final = 100

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tests:
    """Real headline tests: clicks and impressions by test and arm; `has` says which arms there are."""

    clicks: Numbers
    impressions: Numbers
    has: NDArray[np.bool_]

    def part(self, chosen: NDArray[np.bool_]) -> "Tests":
        return Tests(self.clicks[chosen], self.impressions[chosen], self.has[chosen])


def measure(*, quick: bool) -> Section:
    headlines, posts = _DATA / "headline_experiments.csv.gz", _DATA / "social_posts.jsonl.gz"
    if not (headlines.exists() and posts.exists()):
        return Section("Experiments", (), ("The real data sets are not beside this checkout (../shared/data).",))
    rng = np.random.default_rng(7)
    tests = _read()
    rows = [
        _false_alarms_of_rates(tests, rng, most=2000 if quick else 20_000),
        _false_alarms_of_posts(rng, rounds=2 if quick else 12),
        *_decisions(tests, most=300 if quick else len(tests.clicks)),
        *_replay(tests, rng, steps=50 if quick else _STEPS),
    ]
    return Section("Experiments", rows, _NOTES)


_NOTES: Final = (
    (
        "Upworthy Research Archive, exploratory set, a part (CC BY 4.0). A/A: the impressions of one real arm are "
        "dealt out to two by turns; its clicks fall on random impressions; looked at "
        "after each click."
    ),
    (
        "Posts of news pages: two posts that follow each other on an account make a block, the lot says which is "
        "whose; looked at after each block, up to 100 blocks an account and round."
    ),
    (
        "Decisions: the first headline of a test as the control, each of the others against it at an equal part of the "
        "5 %, at the test's end. No difference is within 5 % of the control's clicks."
    ),
    (
        "Replay: the true click rates are drawn from each test's posterior under the beta-binomial prior of all of "
        "them; as many impressions as the test had, in steps, each step's split among draws. The bandit's prior is "
        "learned from half of the tests, and all are replayed on the other half. The uniform one is plain Thompson "
        "sampling from Beta(1, 1)."
    ),
)


def _read() -> Tests:
    import pandas as pd

    frame = pd.read_csv(_DATA / "headline_experiments.csv.gz")
    groups = [group for _, group in frame.groupby("clickability_test_id") if len(group) > 1]
    arms = max(map(len, groups))
    tests = Tests(np.zeros((len(groups), arms)), np.zeros((len(groups), arms)), np.zeros((len(groups), arms), np.bool_))
    for number, group in enumerate(groups):
        tests.clicks[number, : len(group)] = group.clicks
        tests.impressions[number, : len(group)] = group.impressions
        tests.has[number, : len(group)] = True
    return tests


@cache
def _evidence(control: int, arm: int) -> float:
    return ratio_of_rates(([control], [1]), ([arm], [1]), _LEVEL, _SPREAD).evidence


def _false_alarms_of_rates(tests: Tests, rng: np.random.Generator, *, most: int) -> Row:
    """Of equal halves of one arm's impressions, looked at after each click."""
    bound = -math.log(_LEVEL)
    alarms = 0
    clicks = rng.choice(tests.clicks[tests.has].astype(int), most)
    impressions = 3000
    for count in clicks:
        second = rng.choice(impressions, count, replace=False)
        second.sort()
        second %= 2
        ours = np.cumsum(second)
        theirs = np.arange(1, count + 1) - ours
        alarms += any(_evidence(int(one), int(other)) >= bound for one, other in zip(theirs, ours, strict=True))
    say(f"A/A of rates: {alarms} of {most}")
    what = f"false alarms in {most:,} A/A pairs of headlines, looked at after each click"
    return at_most(what, f"{alarms / most:.2%}", f"{_LEVEL:.0%} stated", alarms / most / _LEVEL, 1.0)


def _false_alarms_of_posts(rng: np.random.Generator, *, rounds: int) -> Row:
    bound = -math.log(_LEVEL)
    mixing = mixing_for(_PAIRS * 2 * DEFAULT_SPREAD**2, _LEVEL)
    alarms = tried = 0
    for _ in range(rounds):
        for figures in _accounts():
            begins = int(rng.integers(0, max(1, len(figures) - 2 * _PAIRS)))
            own = np.array(figures[begins : begins + 2 * _PAIRS])
            own = own[: len(own) // 2 * 2].reshape(-1, 2)
            differences = (own[:, 0] - own[:, 1]) * rng.choice((-1, 1), len(own))
            looks = (pairs(differences[: last + 1], _LEVEL, mixing).evidence for last in range(len(own)))
            alarms += any(evidence >= bound for evidence in looks)
            tried += 1
    what = f"false alarms in {tried:,} A/A experiments on posts of news pages, looked at after each block"
    return at_most(what, f"{alarms / tried:.2%}", f"{_LEVEL:.0%} stated", alarms / tried / _LEVEL, 1.0)


@cache
def _accounts() -> Sequence[Sequence[float]]:
    """The log engagement of each account's posts, in time."""
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    with gzip.open(_DATA / "social_posts.jsonl.gz", "rt") as lines:
        for line in lines:
            post = json.loads(line)
            engagement = (post["shares"] or 0) + (post["reactions"] or 0)
            found[post["account"]].append((post["posted_at"], math.log1p(engagement)))
    return [[figure for _, figure in sorted(posts)] for posts in found.values() if len(posts) >= _PAIRS]


def _decisions(tests: Tests, *, most: int) -> list[Row]:
    counted: dict[Verdict | None, int] = defaultdict(int)
    rate = float(tests.clicks.sum() / tests.impressions.sum())
    for clicks, impressions, has in zip(tests.clicks[:most], tests.impressions[:most], tests.has[:most], strict=True):
        arms = int(has.sum())
        spread = split_spread(arms, 1, _LEVEL, rate, float(impressions.sum()))
        intervals = [
            ratio_of_rates(
                ([clicks[0]], [impressions[0]]), ([clicks[arm]], [impressions[arm]]), _LEVEL / (arms - 1), spread
            )
            for arm in range(1, arms)
        ]
        decision = decide([str(arm) for arm in range(arms)], intervals, _MARGIN, is_over=True)
        counted[decision.verdict if decision else None] += 1
    tried = sum(counted.values())
    return [
        Row(f"{tried:,} real tests: {name}", f"{counted[verdict] / tried:.1%}")
        for verdict, name in (
            (Verdict.WINNER, "a winner"),
            (Verdict.NO_DIFFERENCE, "no difference"),
            (Verdict.UNDECIDED, "undecided"),
        )
    ]


def _replay(tests: Tests, rng: np.random.Generator, *, steps: int) -> list[Row]:
    half = rng.permutation(len(tests.clicks)) < len(tests.clicks) // 2
    earlier, later = tests.part(half), tests.part(~half)
    figures = zip(earlier.clicks[earlier.has].astype(int), earlier.impressions[earlier.has].astype(int), strict=True)
    learned = expected([(int(clicks), int(impressions)) for clicks, impressions in figures]).prior
    assert learned is not None, "the data set is large enough"
    shape = _fitted(tests.clicks[tests.has] / tests.impressions[tests.has])
    truth = rng.beta(shape.successes + later.clicks, shape.failures + later.impressions - later.clicks) * later.has
    horizon = later.impressions.sum(axis=1)
    fixed = float((horizon * truth.sum(axis=1) / later.has.sum(axis=1)).sum())
    best = float((horizon * truth.max(axis=1)).sum()) / fixed
    uniform = _earned(later, truth, rng, Prior(1, 1, 1), 1.0, steps) / fixed
    ours = _earned(later, truth, rng, Prior(learned.successes, learned.failures, 1), bandit.POWER, steps) / fixed
    say(f"replay: ours {ours:.3f}, uniform {uniform:.3f}, best {best:.3f}")
    share = (ours - 1) / (best - 1)
    return [
        at_least(
            "clicks against a fixed split", f"{ours:.3f} times", f"{_PLAIN} times, plain, as stated", ours / _PLAIN, 1.0
        ),
        at_least(
            "the same, plain Thompson side by side", f"{ours:.3f} times", f"{uniform:.3f} times", ours / uniform, 1.0
        ),
        Row("of what the best arm, known from the start, gains", f"{share:.0%}", f"{best:.3f} times"),
    ]


def _fitted(rates: Numbers) -> Prior:
    """The beta of rates by their moments; chance within a rate is left in, and is small beside what lies between."""
    mean, variance = float(rates.mean()), float(rates.var())
    weight = mean * (1 - mean) / variance - 1
    return Prior(mean * weight, (1 - mean) * weight, 1)


def _earned(  # noqa: PLR0917
    tests: Tests, truth: Numbers, rng: np.random.Generator, prior: Prior, power: float, steps: int
) -> float:
    """The clicks of all tests, each arm given as often as it is drawn as the best."""
    trials, clicks = np.zeros_like(truth), np.zeros_like(truth)
    horizon = tests.impressions.sum(axis=1)
    edges = np.round(np.linspace(0, 1, steps + 1)[:, None] * horizon)
    rows = np.arange(len(truth))
    for step in range(steps):
        believed = bandit.rates(clicks, trials, (prior.successes, prior.failures))
        # What is no arm is never the best.
        failures = np.where(tests.has, believed.failures, 1e12)
        given = np.zeros_like(truth)
        size = edges[step + 1] - edges[step]
        for draw in range(_DRAWS_A_STEP):
            part = np.floor(size * (draw + 1) / _DRAWS_A_STEP) - np.floor(size * draw / _DRAWS_A_STEP)
            given[rows, bandit.best(bandit.Rates(believed.successes, failures), rng, power)] += part
        trials += given
        clicks += rng.binomial(given.astype(int), truth)
    return float(clicks.sum())
