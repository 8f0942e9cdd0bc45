"""What experiments may claim: intervals that hold under constant looking, shares that are checked, a rule, a bandit."""

import gzip
import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.experiments import bandit, lots, power, sample_ratio, sequences
from pipeline.learning.experiments.analysis import look, pairs_of
from pipeline.learning.experiments.history import expected
from pipeline.learning.experiments.model import Arm, Design, Outcome, Prior
from pipeline.learning.experiments.rule import decide
from pipeline.learning.experiments.sequences import Interval
from pipeline.learning.experiments.treatment import TreatmentError, filled, parsed, treated
from pipeline.platforms.article import AdaptableArticle
from pipeline.vocabulary import ExperimentMethod, Varied, Verdict
from pipeline_tests.conftest import SHARED_DATA

LEVEL = 0.05
BOUND = -math.log(LEVEL)


def arm_of(plan, turn):
    """Whose the post of that turn is."""
    arm = lots.drawn(plan, turn, []).arm
    assert arm is not None
    return arm


def design(arms=2, **changes):
    from uuid import UUID

    names = ("control", "b", "c", "d")[:arms]
    values = {
        "metric": "clicks",
        "horizon_hours": 48,
        "method": ExperimentMethod.FIXED,
        "arms": [Arm(UUID(int=number), name, {}) for number, name in enumerate(names)],
        "most_posts": 40 * arms,
        **changes,
    }
    return Design(**values)


@cache
def evidence(control, arm):
    return sequences.ratio_of_rates(([control], [1]), ([arm], [1]), LEVEL, 0.5).evidence


def headlines():
    path = SHARED_DATA / "headline_experiments.csv.gz"
    if not path.exists():
        pytest.skip("the real data set headline_experiments.csv.gz is not beside this checkout (../shared/data)")
    import csv

    with gzip.open(path, "rt") as lines:
        return [int(row["clicks"]) for row in csv.DictReader(lines)]


def test_halves_of_real_headlines_are_told_apart_no_more_often_than_stated_however_often_one_looks():
    rng = np.random.default_rng(3)
    counts = rng.choice(headlines(), 250)
    alarms = 0
    for clicks in counts:
        arm = np.cumsum(rng.integers(0, 2, clicks))
        control = np.arange(1, clicks + 1) - arm
        alarms += any(
            evidence(int(one), int(other)) >= BOUND for one, other in zip(control[::4], arm[::4], strict=True)
        )
    assert alarms / len(counts) <= LEVEL


@pytest.mark.parametrize("tail", [1.5, 3.0, 50.0])
def test_posts_that_a_lot_has_paired_are_told_apart_no_more_often_than_stated_whatever_their_tails(tail):
    rng = np.random.default_rng(5)
    mixing = sequences.mixing_for(2 * 40 * 1.2**2, LEVEL)
    alarms = 0
    for _ in range(150):
        differences = rng.standard_t(tail, 40) * 1.7
        alarms += any(
            sequences.pairs(differences[:count], LEVEL, mixing).evidence >= BOUND for count in range(4, 41, 4)
        )
    assert alarms / 150 <= LEVEL


def test_the_interval_covers_the_true_ratio_at_all_looks_at_once():
    rng = np.random.default_rng(11)
    missed = 0
    for _ in range(60):
        clicks, trials = np.zeros((2, 8)), np.full((2, 8), 4000.0)
        level_of_day = rng.uniform(0.005, 0.05, 8)
        clicks[0], clicks[1] = rng.binomial(4000, level_of_day), rng.binomial(4000, level_of_day * 1.4)
        found = [
            sequences.ratio_of_rates((clicks[0][:day], trials[0][:day]), (clicks[1][:day], trials[1][:day]), LEVEL, 0.3)
            for day in (1, 2, 4, 8)
        ]
        missed += any(not each.low <= math.log(1.4) <= each.high for each in found)
    assert missed / 60 <= LEVEL


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-6, 6), min_size=1, max_size=60))
def test_the_estimate_lies_in_its_interval_and_turns_with_the_arms(differences):
    mixing = sequences.mixing_for(100.0, LEVEL)
    found = sequences.pairs(differences, LEVEL, mixing)
    turned = sequences.pairs([-each for each in differences], LEVEL, mixing)
    assert found.low <= found.estimate <= found.high
    assert found.estimate == pytest.approx(-turned.estimate)
    assert found.evidence == pytest.approx(turned.evidence)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 5), st.floats(0.1, 1.0))
def test_a_rate_keeps_its_interval_however_its_readers_are_batched(control, arm, batches, spread):
    whole = sequences.ratio_of_rates(([control], [10_000]), ([arm], [10_000]), LEVEL, spread)
    parts = [np.array_split(np.arange(count), batches) for count in (control, arm)]
    trials = [10_000 / batches] * batches
    split = sequences.ratio_of_rates(
        ([len(each) for each in parts[0]], trials), ([len(each) for each in parts[1]], trials), LEVEL, spread
    )
    assert whole.low <= whole.estimate <= whole.high
    assert split.evidence == pytest.approx(whole.evidence, abs=1e-6)


def test_nothing_is_said_where_nothing_was_seen():
    assert sequences.pairs([], LEVEL, 1.0) == sequences.NOTHING
    assert sequences.ratio_of_rates(([0], [100]), ([0], [100]), LEVEL, 0.3) == sequences.NOTHING
    one_sided = sequences.ratio_of_rates(([0], [100]), ([3], [100]), LEVEL, 0.3)
    assert (one_sided.low < 0, one_sided.high) == (True, math.inf)


def test_shares_as_drawn_pass_and_others_do_not():
    rng = np.random.default_rng(2)
    drawn = [sample_ratio.is_off(rng.multinomial(600, [1 / 3] * 3).tolist(), [1 / 3] * 3) for _ in range(300)]
    assert sum(drawn) / 300 <= sample_ratio.LEVEL
    assert sample_ratio.is_off([10_000, 9_000], [0.5, 0.5])
    assert sample_ratio.is_off([0, 12], [0.5, 0.5])
    assert not sample_ratio.is_off([0, 0], [0.5, 0.5])


def interval(low, high):
    return Interval((low + high) / 2, low, high, 0.0)


@pytest.mark.parametrize(
    ("intervals", "is_over", "verdict", "winner"),
    [
        ([interval(0.1, 0.4), interval(0.2, 0.9)], False, Verdict.WINNER, 2),
        ([interval(-0.4, -0.1), interval(-0.9, -0.2)], False, Verdict.WINNER, 0),
        ([interval(-0.02, 0.03), interval(-0.9, -0.2)], False, Verdict.NO_DIFFERENCE, None),
        ([interval(-0.02, 0.03), interval(-0.2, 0.2)], False, None, None),
        ([interval(-0.02, 0.03), interval(-0.2, 0.2)], True, Verdict.UNDECIDED, None),
        ([sequences.NOTHING, sequences.NOTHING], True, Verdict.UNDECIDED, None),
    ],
)
def test_the_rule_says_what_is_certain_and_no_more(intervals, is_over, verdict, winner):
    decision = decide(["control", "b", "c"], intervals, 0.05, is_over=is_over)
    assert (decision and decision.verdict, decision and decision.winner) == (verdict, winner)


def test_figures_that_are_missing_for_one_arm_only_spoil_an_experiment():
    outcomes = [
        Outcome(turn, arm, None if arm and turn < 40 else 5.0 + 50 * arm, None)
        for turn in range(60)
        for arm in [arm_of(design(), turn)]
    ]
    found = look(design(), [30, 30], outcomes, is_over=True)
    assert found.verdict == Verdict.SPOILT
    assert "missing more often" in found.reason


def test_shares_of_readers_are_compared_where_all_arms_are_told():
    split = design(metric="click_rate", is_split=True, spread=0.3)
    told = [Outcome(0, 0, 20, 1000), Outcome(0, 1, 22, 1010), Outcome(1, 0, 20, 1000), Outcome(1, 1, None, None)]
    assert look(split, [2, 2], told, is_over=True).verdict == Verdict.UNDECIDED
    unequal = [Outcome(0, 0, 20, 1000), Outcome(0, 1, 22, 1400)]
    assert look(split, [1, 1], unequal, is_over=True).verdict == Verdict.SPOILT


def test_a_block_without_one_of_its_figures_compares_nothing():
    outcomes = [Outcome(0, 0, 9, None), Outcome(1, 1, None, None), Outcome(3, 1, 0, None), Outcome(2, 0, 0, None)]
    assert pairs_of(design(), outcomes, 1) == [0.0]


@given(st.integers(0, 2**53), st.integers(2, 4))
def test_each_block_has_each_arm_once_and_the_same_seed_draws_the_same(seed, arms):
    plan = design(arms, seed=seed)
    drawn = [arm_of(plan, turn) for turn in range(3 * arms)]
    assert drawn == [arm_of(plan, turn) for turn in range(3 * arms)]
    for block in range(3):
        assert sorted(drawn[block * arms : (block + 1) * arms]) == list(range(arms))


def test_lots_fall_on_each_arm_first_as_often():
    first = Counter(lots.drawn(design(3, seed=seed), 0, []).arm for seed in range(3000))
    assert all(900 < count < 1100 for count in first.values())


def test_a_bandit_draws_by_its_posterior_and_keeps_with_which_probability():
    plan = design(method=ExperimentMethod.BANDIT, prior=Prior(2, 100, 1.0))
    outcomes = [Outcome(0, 0, 10, 1000), Outcome(1, 1, 40, 1000)]
    drawn = [lots.drawn(plan, turn, outcomes) for turn in range(2, 60)]
    assert {lot.arm for lot in drawn} == {1}
    assert all(lot.probability > 0.99 for lot in drawn)
    even = Counter(lots.drawn(plan, turn, []).arm for turn in range(200))
    assert min(even.values()) > 60


def test_the_bandit_beats_a_plain_one_and_a_fixed_split_on_rates_like_real_ones():
    rng = np.random.default_rng(4)
    truth = rng.beta(2.1, 132.0, (150, 4))
    earned = {}
    for name, prior, sharp in (("plain", (1.0, 1.0), 1.0), ("ours", (2.1, 132.0), bandit.POWER)):
        trials, clicks = np.zeros_like(truth), np.zeros_like(truth)
        for _ in range(150):
            arm = bandit.best(bandit.rates(clicks, trials, prior), rng, sharp)
            given = np.zeros_like(truth)
            given[np.arange(150), arm] = 80
            trials += given
            clicks += rng.binomial(80, truth) * (given > 0)
        earned[name] = clicks.sum() / (150 * 80 * truth.mean(axis=1)).sum()
    assert earned["ours"] > earned["plain"] > 1.1


def test_levels_of_few_posts_are_drawn_together():
    few = bandit.levels([[1.0], [9.0]], spread=1.2)
    many = bandit.levels([[1.0] * 500, [9.0] * 500], spread=1.2)
    assert few.means[1] - few.means[0] < 1
    assert many.means[1] - many.means[0] > 7
    assert bandit.alike(bandit.levels([[2.0] * 5000] * 2, 0.5), 0.05, [1]) > 0.95


def test_the_power_that_is_told_is_what_is_found():
    plan = design(most_posts=120, spread=0.5)
    rng = np.random.default_rng(9)
    mixing = sequences.mixing_for(60 * 2 * 0.5**2, LEVEL)
    told = {effect: chance for effect, chance, _ in power.told(plan).chance_of}
    found = 0
    for _ in range(200):
        differences = rng.normal(math.log(1.5), 0.5 * math.sqrt(2), 60)
        found += any(sequences.pairs(differences[:count], LEVEL, mixing).low > 0 for count in range(12, 61, 12))
    assert told[0.5] - 0.08 <= found / 200 <= told[0.5] + 0.15
    needed = {effect: posts for effect, _, posts in power.told(plan).chance_of}
    assert (needed[0.1] or 0) > (needed[0.2] or 0) > (needed[1.0] or 0) > 0


def test_expectations_come_of_enough_posts_only():
    assert expected([(5, 100)] * 19).prior is None
    known = expected([(each % 5, 100) for each in range(100)])
    assert known.rate == pytest.approx(0.02)
    assert known.readers == 100
    assert known.prior is not None
    assert known.prior.successes / (known.prior.successes + known.prior.failures) == pytest.approx(0.02)
    assert expected([(0, None)] * 30).spread is None
    assert expected([(3, 0)] * 30).posts == 0


ARTICLE = AdaptableArticle("How {to}", "Text.", "Cut.", ("roses",), "https://a.example/", "Garden")


@pytest.mark.parametrize(
    ("varies", "said", "treatment"),
    [
        (Varied.TITLE, "Why {title}?", {"title": "Why {title}?"}),
        (Varied.IMAGE, "none", {"image": "none"}),
        (Varied.IMAGE, "2", {"image": 2}),
        (Varied.TIME, "9-11,15", {"hours": [9, 10, 11, 15]}),
        (Varied.TIME, "fri-mon 22-1", {"hours": [0, 1, 22, 23], "days": [0, 1, 5, 6]}),
        (Varied.SENDER, "Ann of Garden", {"from_name": "Ann of Garden"}),
    ],
)
def test_what_a_person_says_of_an_arm_is_read(varies, said, treatment):
    assert parsed(varies, said) == treatment


@pytest.mark.parametrize(
    ("varies", "said"),
    [
        (Varied.TITLE, " "),
        (Varied.BODY, "{author}"),
        (Varied.IMAGE, "0"),
        (Varied.IMAGE, "first"),
        (Varied.TIME, "mon-fri"),
        (Varied.TIME, "someday 9"),
        (Varied.TIME, "24"),
    ],
)
def test_what_cannot_be_meant_of_an_arm_is_refused(varies, said):
    with pytest.raises(TreatmentError):
        parsed(varies, said)


def test_a_template_takes_the_articles_words_as_they_are_and_nothing_else_of_it():
    assert filled("{keyword}: {title} {vertical} {canonical_url}", ARTICLE) == "roses: How {to} Garden {canonical_url}"
    changed = treated(ARTICLE, {"body": "Read: {excerpt}"}, is_email=False)
    assert (changed.excerpt, changed.markdown, changed.canonical_url) == ("Read: Cut.", "Text.", ARTICLE.canonical_url)
    assert treated(ARTICLE, {"body": "All."}, is_email=True).markdown == "All."


def test_an_image_is_left_out_or_chosen_and_films_stay():
    from pipeline.platforms.media.facts import Media
    from pipeline.vocabulary import MediaKind

    film, *pictures = (
        Media(kind=kind, mime_type="any/any", size=1, url=f"https://a.example/{number}", sha256=str(number))
        for number, kind in enumerate([MediaKind.VIDEO, MediaKind.IMAGE, MediaKind.IMAGE])
    )
    article = AdaptableArticle("T", "T", "T", (), "https://a.example/", "Garden", media=(film, *pictures))

    def shown(which):
        return treated(article, {"image": which}, is_email=False).media

    assert shown("none") == (film,)
    assert shown(2) == (film, pictures[1])
    assert shown(9) == (film, pictures[1])
