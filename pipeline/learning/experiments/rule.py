"""When an experiment is decided, and how: the rule that is fixed before it starts. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.learning.experiments.sequences import Interval
from pipeline.vocabulary import Verdict


class Decision(NamedTuple):
    """`winner` is an arm's number, the control's being 0."""

    verdict: Verdict
    winner: int | None
    reason: str


def decide(names: Sequence[str], intervals: Sequence[Interval], margin: float, *, is_over: bool) -> Decision | None:
    """What the arms' intervals against the control say; `names` are all arms', the control's first. None: go on.

    A winner is called as soon as an arm is certainly better than the control; of several, that with the highest
    estimate. It is not said to be better than the other arms. Where each is settled and none is better: the control,
    if all are certainly worse by some figure; no difference, if one lies within the margin.
    """
    better = [number for number, each in enumerate(intervals, start=1) if each.low > 0]
    if better:
        best = max(better, key=lambda number: intervals[number - 1].estimate)
        return Decision(Verdict.WINNER, best, f"{names[best]} is certainly better than {names[0]}.")
    worse = [each.high < 0 for each in intervals]
    alike = [each.within(margin) for each in intervals]
    if all(worse):
        return Decision(Verdict.WINNER, 0, f"{names[0]} is certainly better than each of the others.")
    if all(one or other for one, other in zip(worse, alike, strict=True)):
        which = ", ".join(name for name, same in zip(names[1:], alike, strict=True) if same)
        return Decision(Verdict.NO_DIFFERENCE, None, f"{which}: within {margin:.0%} of {names[0]}.")
    if is_over:
        return Decision(Verdict.UNDECIDED, None, "All posts are in, and too little can be told of the difference.")
    return None


def decide_bandit(
    names: Sequence[str], chances: Sequence[float], alike: float, error_level: float, margin: float
) -> Decision:
    """What a bandit's posterior says when all posts are in: a belief, not a test that keeps an error level."""
    best = max(range(len(names)), key=lambda number: chances[number])
    if chances[best] >= 1 - error_level:
        return Decision(Verdict.WINNER, best, f"{names[best]} is the best with probability {chances[best]:.0%}.")
    if alike >= 1 - error_level:
        reason = f"All are within {margin:.0%} of {names[0]} with probability {alike:.0%}."
        return Decision(Verdict.NO_DIFFERENCE, None, reason)
    return Decision(Verdict.UNDECIDED, None, "All posts are in, and no arm is clearly the best.")
