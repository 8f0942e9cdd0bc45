"""Which post has which arm: drawn by lot, recorded before anything is sent, and drawn the same again. Pure."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.learning.experiments.model import Design, Outcome
from pipeline.vocabulary import ExperimentMethod


class Lot(NamedTuple):
    """An arm's number, and with which probability it was to be drawn; no arm where readers have all."""

    arm: int | None
    probability: float


def drawn(design: Design, turn: int, outcomes: Sequence[Outcome]) -> Lot:
    """For the post of that turn, counted from 0.

    Posts are drawn in blocks of as many as there are arms, each arm once, so that no arm has the busy weeks to itself;
    the order within a block is that of a hash, which nobody can choose. A bandit draws each arm as often as it may be
    the best by the outcomes so far.
    """
    arms = len(design.arms)
    if design.is_split:
        return Lot(None, 1.0)
    if design.method == ExperimentMethod.BANDIT:
        return _earned(design, turn, outcomes)
    block, place = divmod(turn, arms)
    order = sorted(range(arms), key=lambda arm: _hash(design.seed, "block", block, arm))
    return Lot(order[place], 1 / arms)


def _earned(design: Design, turn: int, outcomes: Sequence[Outcome]) -> Lot:
    from pipeline.learning.experiments.analysis import posterior
    from pipeline.learning.experiments.bandit import chances

    likely = chances(posterior(design, outcomes), [design.seed, turn])
    point = _hash(design.seed, "turn", turn) / 2**64
    reached = 0.0
    for arm, chance in enumerate(likely):
        reached += chance
        if chance and point < reached:
            return Lot(arm, chance)
    last = max(arm for arm, chance in enumerate(likely) if chance)
    return Lot(last, likely[last])


def _hash(*what: object) -> int:
    """A whole number below 2^64, each as likely."""
    return int.from_bytes(hashlib.sha256(":".join(map(str, what)).encode()).digest()[:8], "big")
