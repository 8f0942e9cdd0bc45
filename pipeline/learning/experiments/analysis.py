"""A look at an experiment: its arms' figures, what they differ by, and whether that decides it. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from pipeline.learning.experiments import bandit, sample_ratio, sequences
from pipeline.learning.experiments.model import Design, Look, Outcome, Seen
from pipeline.learning.experiments.rule import Decision, decide, decide_bandit
from pipeline.learning.experiments.sequences import Interval
from pipeline.vocabulary import ExperimentMethod, Verdict

_MIDDLE = (0.05, 0.5, 0.95)


def look(design: Design, given: Sequence[int], outcomes: Sequence[Outcome], *, is_over: bool) -> Look:
    """What the outcomes say, in the order in which they came.

    `given`: how many posts have each arm; of an email split, how many campaigns hold it. `is_over`: no more will come.
    """
    spoilt = _spoilt(design, outcomes)
    if design.method == ExperimentMethod.BANDIT:
        seen, decision = _bandit(design, outcomes, is_over=is_over)
    else:
        seen, decision = _fixed(design, outcomes, is_over=is_over)
    if spoilt is not None:
        decision = Decision(Verdict.SPOILT, None, spoilt)
    return Look(
        measured=sum(each.amount is not None for each in outcomes),
        arms=[_seen(design, number, given[number], outcomes, each) for number, each in enumerate(seen)],
        is_over=is_over,
        verdict=decision.verdict if decision else None,
        winner=decision.winner if decision else None,
        reason=decision.reason if decision else "It goes on.",
    )


def pairs_of(design: Design, outcomes: Sequence[Outcome], arm: int) -> list[float]:
    """The arm's log figure less the control's in each block that has both, in the order in which blocks were whole."""
    arms = len(design.arms)
    blocks: dict[int, dict[int, float]] = defaultdict(dict)
    found = []
    for each in outcomes:
        if each.arm in (0, arm) and each.log_figure is not None:
            block = blocks[each.turn // arms]
            block[each.arm] = each.log_figure
            if len(block) == 2:  # noqa: PLR2004
                found.append(block[arm] - block[0])
    return found


def posterior(design: Design, outcomes: Sequence[Outcome]) -> bandit.Posterior:
    """What is believed of the arms of a bandit."""
    arms = range(len(design.arms))
    if design.prior is not None:
        known = [each for each in outcomes if each.amount is not None and each.exposure is not None]
        amounts = np.array([sum(each.amount or 0 for each in known if each.arm == arm) for arm in arms], np.float64)
        trials = np.array([sum(each.exposure or 0 for each in known if each.arm == arm) for arm in arms], np.float64)
        prior = (design.prior.successes, design.prior.failures)
        # A post may have more engagements than impressions.
        return bandit.rates(amounts, np.maximum(trials, amounts), prior, design.prior.overdispersion)
    figures = [[each.log_figure for each in outcomes if each.arm == arm] for arm in arms]
    return bandit.levels([[figure for figure in of_arm if figure is not None] for of_arm in figures], design.spread)


_Compared = tuple[float | None, float | None, float | None, float | None]
"""An arm's log ratio to the control, its ends, and the chance that it is the best."""


def _fixed(design: Design, outcomes: Sequence[Outcome], *, is_over: bool) -> tuple[list[_Compared], Decision | None]:
    compare = _by_readers if design.is_split else _by_posts
    intervals = [compare(design, outcomes, arm) for arm in range(1, len(design.arms))]
    names = [arm.name for arm in design.arms]
    control: _Compared = (0.0, None, None, None)
    known = [
        (each.estimate, each.low, each.high, None) if each is not sequences.NOTHING else (None, None, None, None)
        for each in intervals
    ]
    return [control, *known], decide(names, intervals, design.margin, is_over=is_over)


def _by_posts(design: Design, outcomes: Sequence[Outcome], arm: int) -> Interval:
    planned = max(1, design.most_posts // len(design.arms))
    mixing = sequences.mixing_for(planned * 2 * design.spread**2, design.compared_at)
    return sequences.pairs(pairs_of(design, outcomes, arm), design.compared_at, mixing)


def _by_readers(design: Design, outcomes: Sequence[Outcome], arm: int) -> Interval:
    """Campaign by campaign, as far as both arms' figures are known."""
    of_turn: dict[int, dict[int, tuple[float, float]]] = defaultdict(dict)
    for each in outcomes:
        if each.amount is not None and each.exposure is not None:
            of_turn[each.turn][each.arm] = (each.amount, each.exposure)
    whole = [found for found in of_turn.values() if 0 in found and arm in found]
    control, ours = ([found[number] for found in whole] for number in (0, arm))
    return sequences.ratio_of_rates(
        ([each[0] for each in control], [each[1] for each in control]),
        ([each[0] for each in ours], [each[1] for each in ours]),
        design.compared_at,
        design.spread,
    )


def _bandit(design: Design, outcomes: Sequence[Outcome], *, is_over: bool) -> tuple[list[_Compared], Decision | None]:
    believed = posterior(design, outcomes)
    chances = bandit.chances(believed, [design.seed, len(outcomes)], power=1.0)
    drawn = believed.log_ratios(np.random.default_rng([design.seed, len(outcomes), 1]))
    low, middle, high = np.quantile(drawn, _MIDDLE, axis=0)
    compared: list[_Compared] = [
        (float(middle[arm]), float(low[arm]), float(high[arm]), chances[arm]) for arm in range(len(design.arms))
    ]
    if not is_over:
        return compared, None
    alike = bandit.alike(believed, design.margin, [design.seed, len(outcomes), 2])
    names = [arm.name for arm in design.arms]
    return compared, decide_bandit(names, chances, alike, design.error_level, design.margin)


def _spoilt(design: Design, outcomes: Sequence[Outcome]) -> str | None:
    """Why the figures are not to be believed, as the arms' shares are not those that were drawn."""
    arms = range(len(design.arms))
    shares = [1 / len(design.arms)] * len(design.arms)
    if design.is_split:
        told = Counter(each.turn for each in outcomes if each.exposure is not None)
        whole = [each for each in outcomes if told[each.turn] == len(design.arms)]
        readers = [int(sum(each.exposure or 0 for each in whole if each.arm == arm)) for arm in arms]
        if sample_ratio.is_off(readers, shares):
            said = ", ".join(f"{arm.name} {count:,}" for arm, count in zip(design.arms, readers, strict=True))
            return f"The arms' readers are not the equal shares that were to be drawn: {said}."
        return None
    if design.method == ExperimentMethod.BANDIT:
        return None  # its shares are not equal, and change
    lost = [sum(each.arm == arm and each.amount is None for each in outcomes) for arm in arms]
    if sample_ratio.is_off(lost, shares):
        said = ", ".join(f"{arm.name} {count}" for arm, count in zip(design.arms, lost, strict=True))
        return f"Figures are missing more often for one arm than for another: {said}."
    return None


def _seen(design: Design, number: int, given: int, outcomes: Sequence[Outcome], compared: _Compared) -> Seen:
    own = [each for each in outcomes if each.arm == number]
    estimate, low, high, chance = compared
    return Seen(
        name=design.arms[number].name,
        given=given,
        measured=sum(each.amount is not None for each in own),
        lost=sum(each.amount is None for each in own),
        figure=_figure(own),
        ratio=_ratio(estimate),
        low=_ratio(low),
        high=_ratio(high),
        chance=chance,
    )


def _figure(outcomes: Sequence[Outcome]) -> float | None:
    """The rate of all together, or the typical count: the geometric mean of one more, less one."""
    known = [each for each in outcomes if each.amount is not None]
    if any(each.exposure is not None for each in known):
        exposed = sum(each.exposure or 0 for each in known)
        return sum(each.amount or 0 for each in known) / exposed if exposed else None
    logs = [each.log_figure for each in known if each.log_figure is not None]
    return math.expm1(sum(logs) / len(logs)) if logs else None


def _ratio(log_ratio: float | None) -> float | None:
    if log_ratio is None or math.isinf(log_ratio):
        return None
    return math.exp(log_ratio)
